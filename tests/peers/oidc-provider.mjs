// Runs npm's oidc-provider as an issuer: oidc-provider.mjs MODULE PORT AUDIENCE
// A client named after an algorithm gets tokens of type JWT signed with it; the client named at+jwt keeps the type of RFC 9068.
import { generateKeyPairSync } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const [module, port, audience] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(module));
const issuer = `http://127.0.0.1:${port}`;
const kinds = { rsa: ['rsa', { modulusLength: 2048 }], p256: ['ec', { namedCurve: 'P-256' }], p384: ['ec', { namedCurve: 'P-384' }], ed: ['ed25519', {}] };
const jwk = ([kid, [kind, options]]) => ({ ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), kid, use: 'sig' });
const algorithms = { RS256: 'RS256', RS384: 'RS384', RS512: 'RS512', PS256: 'PS256', PS384: 'PS384', PS512: 'PS512', ES256: 'ES256', ES384: 'ES384', EdDSA: 'EdDSA', 'at+jwt': 'RS256' };
const client = (name) => ({ client_id: name, client_secret: 'secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'ci' });

const provider = new Provider(issuer, {
  jwks: { keys: Object.entries(kinds).map(jwk) },
  clients: Object.keys(algorithms).map(client),
  scopes: ['ci'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (context, resource, { clientId }) => ({
        scope: 'ci', audience, accessTokenFormat: 'jwt', accessTokenTTL: 300, jwt: { sign: { alg: algorithms[clientId] } },
      }),
    },
  },
  formats: {
    customizers: {
      jwt(context, token, parts) {
        if (token.clientId !== 'at+jwt') parts.header = { ...parts.header, typ: 'JWT' };
        parts.payload.pipeline = 'shop';
      },
    },
  },
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
