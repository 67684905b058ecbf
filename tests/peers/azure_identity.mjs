// @azure/identity's workload identity against an authority that is a stand-in: prints the token that it gave for ours.
import { createRequire } from "node:module";

const { WorkloadIdentityCredential } = createRequire(process.argv[2])("@azure/identity");
const credential = new WorkloadIdentityCredential({ disableInstanceDiscovery: true, retryOptions: { maxRetries: 0 } });
try {
  const { token } = await credential.getToken(process.argv[3]);
  console.log(token);
} catch (fault) {
  console.error(fault.message);
  process.exit(1);
}
