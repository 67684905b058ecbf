"""Application Default Credentials of google-auth, as any program with Google's libraries gets them: prints the access token as JSON.
With BUCKET it is put within a boundary first, at the STS of BUCKET's side: the library has no setting for that address."""
import json, os, sys
import google.auth, google.auth.downscoped as downscoped, google.auth.exceptions, google.auth.transport.requests

credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
try:
    if "BUCKET" in os.environ:
        downscoped._STS_TOKEN_URL_PATTERN = os.environ["STS"] + "/v1/token#{}"
        resource = "projects/_/buckets/" + os.environ["BUCKET"]
        condition = downscoped.AvailabilityCondition("resource.name.startsWith('%s/objects/shop/')" % resource)
        rule = downscoped.AccessBoundaryRule("//storage.googleapis.com/" + resource, ["inRole:roles/storage.objectViewer"], condition)
        credentials = downscoped.Credentials(credentials, downscoped.CredentialAccessBoundary([rule]))
    credentials.refresh(google.auth.transport.requests.Request())
except google.auth.exceptions.GoogleAuthError as fault:
    sys.exit(str(fault))
print(json.dumps({"token": credentials.token, "expires": bool(credentials.expiry)}))
