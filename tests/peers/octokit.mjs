// GitHub's client for Apps, used as programs use it: octokit.mjs PACKAGE.JSON, with API, APP_ID, APP_KEY and OWNER in the environment.
// Signs the App's JWT, finds the installation, creates a token for one repository by its id, uses it and revokes it.
import { createRequire } from 'node:module';
import { readFileSync, realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const require = createRequire(realpathSync(process.argv[2]));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { createAppAuth } = await load('@octokit/auth-app');
const { request } = await load('@octokit/request');
const { API: baseUrl, APP_ID: appId, APP_KEY: file, OWNER: owner } = process.env;

const api = request.defaults({ baseUrl, headers: { 'x-github-api-version': '2022-11-28' } });
const auth = createAppAuth({ appId, privateKey: readFileSync(file, 'utf8'), request: api });
const asApp = api.defaults({ request: { hook: auth.hook } });
const refused = async (call) => {
  try {
    await call();
    return 'it was taken';
  } catch (error) {
    return `${error.status} ${error.message.split(' - ')[0]}`;
  }
};

const organization = (await asApp('GET /orgs/{org}/installation', { org: owner })).data;
const user = (await asApp('GET /users/{username}/installation', { username: owner })).data;
const installationId = organization.id;
const mint = (options) => auth({ type: 'installation', installationId, refresh: true, ...options });
const minted = await mint({ repositoryIds: [1], permissions: { contents: 'read' } });
const headers = { authorization: `token ${minted.token}` };
await api('GET /installation/repositories', { headers });
const revoked = (await api('DELETE /installation/token', { headers })).status;
const wide = await mint({});
const told = {
  found: [organization.id, user.id],
  permissions: minted.permissions,
  selection: minted.repositorySelection,
  ids: minted.repositoryIds,
  length: minted.token.length,
  revoked,
  after: await refused(() => api('GET /installation/repositories', { headers })),
  everything: wide.permissions,
  denied: await refused(() => mint({ repositoryIds: [1], permissions: { issues: 'write' } })),
  unknown: await refused(() => mint({ repositoryIds: [99], permissions: { contents: 'read' } })),
  elsewhere: await refused(() => asApp('GET /orgs/{org}/installation', { org: 'nobody' })),
};
console.log(JSON.stringify(told));
