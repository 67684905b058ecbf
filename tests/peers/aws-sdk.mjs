// The AWS SDK for JavaScript v3, used as programs use it: aws-sdk.mjs PACKAGE.JSON MODE
//   whoami   the default chain finds credentials and calls GetCallerIdentity
//   action   sends the requests of aws-actions/configure-aws-credentials v6 with `sts-endpoint`: AssumeRoleWithWebIdentity, retried
//            with the same token, then GetCallerIdentity with the keys it got. The action itself does not run
import { createRequire } from 'node:module';
import { readFileSync, realpathSync } from 'node:fs';

const [manifest, mode] = process.argv.slice(2);
const require = createRequire(realpathSync(manifest));
const { STSClient, AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');
const { fromHttp } = require('@aws-sdk/credential-providers');
const { AWS_REGION: region, AWS_ROLE_ARN: RoleArn, AWS_WEB_IDENTITY_TOKEN_FILE: file, STS_ENDPOINT: endpoint, TRIES } = process.env;

async function whoami() {
  const { Account, Arn } = await new STSClient({ region }).send(new GetCallerIdentityCommand({}));
  return { Account, Arn };
}

// The same keys, from the provider that a program names itself.
async function http() {
  const { accessKeyId, expiration } = await fromHttp()();
  return { accessKeyId, expires: expiration.getTime() > Date.now() };
}

async function action() {
  const WebIdentityToken = readFileSync(file, 'utf8');
  const client = new STSClient({ region, endpoint });
  const input = { RoleArn, RoleSessionName: 'GitHubActions', DurationSeconds: 3600, WebIdentityToken };
  const keys = new Set(), errors = [];
  let credentials;
  for (let number = 0; number < Number(TRIES); number += 1) {
    try {
      ({ Credentials: credentials } = await client.send(new AssumeRoleWithWebIdentityCommand(input)));
      keys.add(credentials.AccessKeyId);
    } catch (error) {
      errors.push(`Could not assume role with OIDC: ${error.message}`);
    }
  }
  if (!credentials) throw new Error(errors.at(-1));
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = credentials;
  const known = new STSClient({ region, endpoint, credentials: { accessKeyId, secretAccessKey, sessionToken } });
  const { Account, Arn } = await known.send(new GetCallerIdentityCommand({}));
  return { Account, Arn, keys: keys.size, errors: errors.length };
}

try {
  console.log(JSON.stringify(await { whoami, http, action }[mode]()));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
