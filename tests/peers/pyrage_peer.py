"""pyrage as a command: encrypt RECIPIENT armored|binary FILE, or decrypt IDENTITY_FILE FILE, to standard output."""

import sys

import pyrage

what, key, *rest = sys.argv[1:]
if what == "encrypt":
    form, name = rest
    kind = pyrage.ssh.Recipient if key.startswith("ssh-") else pyrage.x25519.Recipient
    with open(name, "rb") as file:
        sealed = pyrage.encrypt(file.read(), [kind.from_str(key)], armored=form == "armored")
    sys.stdout.buffer.write(sealed)
else:
    with open(key, "rb") as file:
        text = file.read()
    if text.startswith(b"-----BEGIN"):
        identity = pyrage.ssh.Identity.from_buffer(text)
    else:
        identity = pyrage.x25519.Identity.from_str(text.decode().strip())
    with open(rest[0], "rb") as file:
        sys.stdout.buffer.write(pyrage.decrypt(file.read(), [identity]))
