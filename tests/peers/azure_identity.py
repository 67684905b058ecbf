"""azure-identity's workload identity against an authority that is a stand-in: prints the token that it gave for ours."""
import sys
from azure.identity import WorkloadIdentityCredential

credential = WorkloadIdentityCredential(authority=sys.argv[1], disable_instance_discovery=True)
print(credential.get_token("https://management.azure.com/.default").token)
