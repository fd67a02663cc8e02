import { createHash } from 'node:crypto';

/** What package-lock.json (version 3) says of one place in the tree. */
export interface LockedPackage {
  readonly name?: string;
  readonly version?: string;
  /** Subresource integrity, "sha512-..."; workspaces have none. */
  readonly integrity?: string;
  /** SPDX identifier or expression. */
  readonly license?: string;
  /** A workspace's place in node_modules. */
  readonly link?: boolean;
  /** Where a link leads. */
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** By path: "" is the root, "node_modules/x" what was taken from others, the rest are workspaces. */
export type LockedPackages = Readonly<Record<string, LockedPackage>>;

/** A component of a CycloneDX 1.6 bill, as far as it is written here. */
export interface Component {
  readonly 'bom-ref': string;
  readonly type: 'library' | 'application';
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly scope?: 'required' | 'optional';
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly ({ readonly license: { readonly id: string } } | { readonly expression: string })[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
  readonly components?: readonly Component[];
}

/** A CycloneDX 1.6 bill of materials (ECMA-424), as JSON. */
export interface BillOfMaterials {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const algorithms: Readonly<Record<string, string>> = { sha512: 'SHA-512', sha384: 'SHA-384', sha256: 'SHA-256' };
const inNodeModules = 'node_modules/';

/**
 * The bill of a tree: every package that is taken from others, with hash and licence, what is taken for what, and our
 * own workspaces. The same tree has the same bill. `licenceOf` is asked for what the lock file tells no licence of, by
 * path. Throws an Error that names a package without hash or licence.
 */
export function billOfMaterials(packages: LockedPackages, licenceOf: (path: string) => string): BillOfMaterials {
  const taken = Object.keys(packages).filter((path) => path.includes(inNodeModules) && !packages[path]?.link);
  const own = Object.keys(packages).filter((path) => path !== '' && !path.includes(inNodeModules));
  const component = (path: string): Component => describe(path, packages, licenceOf);
  const root = component('');
  const digest = createHash('sha256').update(JSON.stringify(packages)).digest('hex');
  const uuid = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-a${digest.slice(17, 20)}`;
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuid}-${digest.slice(20, 32)}`,
    version: 1,
    metadata: { component: { ...root, components: own.map(component) } },
    components: byReference(taken.map(component)),
    dependencies: edges(packages),
  };
}

/** Where `name` is found from a place in the tree, as Node does; undefined where it is not installed. */
export function resolveFrom(path: string, name: string, packages: LockedPackages): string | undefined {
  for (let place = path; ; place = place.slice(0, Math.max(0, place.lastIndexOf('/')))) {
    const found = `${place === '' ? '' : `${place}/`}${inNodeModules}${name}`;
    if (packages[found]) return found;
    if (place === '') return undefined;
  }
}

function describe(path: string, packages: LockedPackages, licenceOf: (path: string) => string): Component {
  const locked = packages[path] ?? {};
  const { version = '0.0.0', license = licenceOf(path), integrity, dev, optional } = locked;
  const name = nameOf(path, packages);
  const purl = purlOf(path, packages);
  if (!license) throw new Error(`${name}: no licence is told`);
  const described = { 'bom-ref': purl, name, version, purl, licenses: [licence(license)] };
  if (!path.includes(inNodeModules)) return { ...described, type: 'application' };
  if (!integrity) throw new Error(`${name}: package-lock.json has no hash`);
  return {
    ...described,
    type: 'library',
    scope: dev || optional ? 'optional' : 'required',
    hashes: integrity.split(' ').map(hash),
    ...(dev && { properties: [{ name: 'cdx:npm:package:development', value: 'true' }] }),
  };
}

function licence(text: string): Component['licenses'][number] {
  return /\s/.test(text) ? { expression: text } : { license: { id: text } };
}

function hash(integrity: string): { alg: string; content: string } {
  const [algorithm = '', digest = ''] = integrity.split(/-(.*)/s);
  const alg = algorithms[algorithm];
  if (!alg) throw new Error(`${integrity}: no such hash is known here`);
  return { alg, content: Buffer.from(digest, 'base64').toString('hex') };
}

function nameOf(path: string, packages: LockedPackages): string {
  const at = path.lastIndexOf(inNodeModules);
  return packages[path]?.name ?? (at < 0 ? path : path.slice(at + inNodeModules.length));
}

/** Package URL: https://github.com/package-url/purl-spec, type npm. */
function purlOf(path: string, packages: LockedPackages): string {
  const name = nameOf(path, packages).replace(/^@/, '%40');
  return `pkg:npm/${name}@${packages[path]?.version ?? '0.0.0'}`;
}

/** The same version may be in several places of the tree. */
function byReference(components: readonly Component[]): Component[] {
  return [...new Map(components.map((component) => [component['bom-ref'], component])).values()];
}

function edges(packages: LockedPackages): BillOfMaterials['dependencies'] {
  const found = new Map<string, Set<string>>();
  for (const [path, locked] of Object.entries(packages)) {
    if (locked.link) continue;
    const ref = purlOf(path, packages);
    const targets = found.get(ref) ?? new Set();
    found.set(ref, targets);
    const { dependencies, optionalDependencies, devDependencies, peerDependencies } = locked;
    const names = { ...dependencies, ...optionalDependencies, ...devDependencies, ...peerDependencies };
    for (const name of Object.keys(names)) {
      const target = resolveFrom(path, name, packages);
      const link = target === undefined ? undefined : packages[target];
      // A workspace stands in node_modules as a link to its folder.
      const place = link?.link ? link.resolved : target;
      if (place !== undefined) targets.add(purlOf(place, packages));
    }
  }
  return [...found].map(([ref, targets]) => ({ ref, dependsOn: [...targets].sort() }));
}
