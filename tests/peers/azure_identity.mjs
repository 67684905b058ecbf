// @azure/identity's workload identity against a stand-in authority: prints the token that it gave for daypass's token.
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
