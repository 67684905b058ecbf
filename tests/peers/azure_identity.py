"""azure-identity's workload identity against a stand-in authority: prints the token that it gave for daypass's token.

By a first argument for the authority, else by AZURE_AUTHORITY_HOST."""
import os
import sys
from azure.identity import WorkloadIdentityCredential

authority = sys.argv[1] if len(sys.argv) > 1 else os.environ["AZURE_AUTHORITY_HOST"]
scope = sys.argv[2] if len(sys.argv) > 2 else "https://management.azure.com/.default"
credential = WorkloadIdentityCredential(authority=authority, disable_instance_discovery=True)
print(credential.get_token(scope).token)
