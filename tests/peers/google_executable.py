"""google-auth's external_account with an executable source: prints the token endpoint's token or the library's error."""
import json, sys
import google.auth, google.auth.exceptions, google.auth.transport.requests

url, token_type, command = sys.argv[1:]
with open("executable_account.json", "w") as file:
    json.dump({
        "type": "external_account", "audience": "//iam.example/providers/x", "token_url": url, "subject_token_type": token_type,
        "credential_source": {"executable": {"command": command, "timeout_millis": 30000}},
    }, file)
credentials, _ = google.auth.load_credentials_from_file("executable_account.json", scopes=["https://www.googleapis.com/auth/cloud-platform"])
try:
    credentials.refresh(google.auth.transport.requests.Request())
except google.auth.exceptions.GoogleAuthError as fault:
    sys.exit(str(fault))
print(credentials.token)
