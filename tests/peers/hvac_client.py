"""hvac against daypass's Vault API: logs in, reads, lists, looks up its token, ends its session and prints each answer."""
import sys
import hvac

url, ca, jwt_file, role = sys.argv[1:]
with open(jwt_file) as file:
    jwt = file.read()
client = hvac.Client(url=url, verify=ca)
for login in (lambda: client.auth.jwt.jwt_login(role=role, jwt=jwt), lambda: client.auth.kubernetes.login(role=role, jwt=jwt)):
    client.token = None
    client.token = login()["auth"]["client_token"]
    assert client.is_authenticated()
kv = client.secrets.kv.v2
print(kv.read_secret_version(path="shop/db", raise_on_deleted_version=True)["data"]["data"])
print(kv.list_secrets(path="shop")["data"]["keys"], kv.read_secret_metadata(path="shop/db")["data"]["current_version"])
print(client.lookup_token()["data"]["type"], client.sys.is_sealed())
for path in ("hidden/db", "shop/not-there"):
    try:
        kv.read_secret_version(path=path, raise_on_deleted_version=True)
    except hvac.exceptions.VaultError as fault:
        print(type(fault).__name__, fault)
client.auth.token.revoke_self()
print(client.is_authenticated())
