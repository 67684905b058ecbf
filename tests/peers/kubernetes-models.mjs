// Checks custom resources against the types generated from their definitions: kubernetes-models.mjs PACKAGE.JSON, with a list of objects
// on standard input. Each becomes a literal of its type, so the compiler refuses missing, unknown and wrongly typed fields.
import { createRequire } from 'node:module';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

const manifest = realpathSync(process.argv[2]);
const typescript = createRequire(manifest)('typescript');
const homes = {
  'argoproj.io': 'argo-cd',
  'cert-manager.io': 'cert-manager',
  'kustomize.toolkit.fluxcd.io': 'flux-cd',
  'monitoring.coreos.com': 'prometheus-operator',
  'source.toolkit.fluxcd.io': 'flux-cd',
};
const lines = JSON.parse(readFileSync(0, 'utf8')).map((object, at) => {
  const home = homes[object.apiVersion.split('/')[0]];
  if (!home) throw new Error(`nothing is known of ${object.apiVersion}`);
  return `import type { I${object.kind} as T${at} } from '@kubernetes-models/${home}/${object.apiVersion}';\n`
    + `export const object${at}: T${at} = ${JSON.stringify(object)};`;
});
// The path is in the packages' folder, so that the compiler finds them; no file is written there.
const file = join(dirname(manifest), `objects-${process.pid}.ts`);
const options = { strict: true, noEmit: true, skipLibCheck: true, module: typescript.ModuleKind.ESNext, types: [],
  target: typescript.ScriptTarget.ES2022, moduleResolution: typescript.ModuleResolutionKind.Bundler };
const host = typescript.createCompilerHost(options);
const { getSourceFile, fileExists, readFile } = host;
const text = lines.join('\n');
host.fileExists = (name) => name === file || fileExists(name);
host.readFile = (name) => (name === file ? text : readFile(name));
host.getSourceFile = (name, ...rest) => (name === file ? typescript.createSourceFile(name, text, ...rest) : getSourceFile(name, ...rest));
const found = typescript.getPreEmitDiagnostics(typescript.createProgram([file], options, host));
found.forEach((one) => console.log(typescript.flattenDiagnosticMessageText(one.messageText, '\n')));
process.exit(found.length ? 1 : 0);
