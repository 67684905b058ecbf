"""pyrage as a command: encrypt RECIPIENT armored|binary FILE, or decrypt IDENTITY_FILE FILE (a plugin's too), to standard output."""

import sys

import pyrage



class Callbacks:
    """A plugin's questions to a person; these callbacks answer none."""

    def display_message(self, message):
        print(message, file=sys.stderr)

    def confirm(self, message, yes, no):
        return None

    def request_public_string(self, description):
        return None

    def request_passphrase(self, description):
        return None


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
    if b"AGE-PLUGIN-" in text:
        line = [line for line in text.decode().splitlines() if line.startswith("AGE-PLUGIN-")][0]
        plugin = pyrage.plugin.Identity.from_str(line)
        identity = pyrage.plugin.IdentityPluginV1(plugin.plugin(), [plugin], Callbacks())
    elif text.startswith(b"-----BEGIN"):
        identity = pyrage.ssh.Identity.from_buffer(text)
    else:
        identity = pyrage.x25519.Identity.from_str(text.decode().strip())
    with open(rest[0], "rb") as file:
        sys.stdout.buffer.write(pyrage.decrypt(file.read(), [identity]))
