// Application Default Credentials of google-auth-library, as any program with Google's libraries gets them:
// google_cloud.mjs PACKAGE.JSON prints the access token as JSON.
import { createRequire } from 'node:module';
import { realpathSync } from 'node:fs';

const require = createRequire(realpathSync(process.argv[2]));
const { GoogleAuth } = require('google-auth-library');
const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
try {
  const client = await auth.getClient();
  const { token } = await client.getAccessToken();
  console.log(JSON.stringify({ token, expires: Boolean(client.credentials.expiry_date) }));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
