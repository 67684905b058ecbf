"""google-auth's external_account credentials against daypass's token endpoint: prints the token or the library's error."""
import json, sys
import google.auth, google.auth.exceptions, google.auth.transport.requests

url, token_file, audience = sys.argv[1:]
with open("external_account.json", "w") as file:
    json.dump({
        "type": "external_account", "audience": audience, "token_url": url,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": {"file": token_file},
    }, file)
credentials, _ = google.auth.load_credentials_from_file("external_account.json")
try:
    credentials.refresh(google.auth.transport.requests.Request())
except google.auth.exceptions.GoogleAuthError as fault:
    sys.exit(str(fault))
print(credentials.token)
