/*
 * What the tools of their time wrote into an archive's description (fixtures/descriptions/ has real ones). Written
 * apart from the code that reads it, so that each can find the other's mistakes.
 */

/** A file as its tool saw it: a relative path with `/`, and when it was changed last. */
export interface DemoFile {
  readonly path: string;
  /** Milliseconds since 1970, whole seconds. */
  readonly modified: number;
}

type Writer = (file: DemoFile) => string;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** mt-aws-glacier: base64url of JSON; `mt1` encoded to UTF-8 twice. */
const mt2: Writer = ({ path, modified }) =>
  `mt2 ${Buffer.from(JSON.stringify({ filename: path, mtime: compact(modified) })).toString('base64url')}`;
const mt1: Writer = ({ path, modified }) => {
  const once = Buffer.from(JSON.stringify({ mtime: compact(modified), filename: path })).toString('latin1');
  return `mt1 ${Buffer.from(once).toString('base64url')}`;
};

/** FastGlacier, in its four versions, and CrushFTP's habit of a line an element. */
const fastGlacier4: Writer = ({ path, modified }) =>
  `<m><v>4</v><p>${base64(path)}</p><lm>${compact(modified)}</lm></m>`;
const fastGlacier4Compressed: Writer = ({ path, modified }) =>
  `<m><v>4</v><p>${base64(path)}</p><lm>${compact(modified)}</lm><ce>1:1:4340ebcf79712dc5e3ef7d50bab98ba5:54687</ce></m>`;
const fastGlacier3: Writer = ({ path, modified }) =>
  `<m><v>3</v><p>${base64(`/${path}`)}</p><lm>${compact(modified)}</lm><ce>1:0:4340ebcf79712dc5e3ef7d50bab98ba5</ce></m>`;
const fastGlacier2: Writer = ({ path, modified }) =>
  `<m><v>2</v><p>${base64(path)}</p><lm>${compact(modified)}</lm></m>`;
const fastGlacier1: Writer = ({ path, modified }) =>
  `<ArchiveMetadata><Path>${base64(path)}</Path><LastModified>${compact(modified)}</LastModified></ArchiveMetadata>`;
const fastGlacierLines: Writer = ({ path, modified }) =>
  `<m>\n  <v>4</v>\n  <p>\n${base64(path)}\n</p>\n  <lm>${compact(modified)}</lm>\n</m>`;

/** CloudBerry: JSON whose path is in .NET's UTF-7. */
const cloudBerry: Writer = ({ path, modified }) =>
  JSON.stringify({ Path: utf7(`D:\\${path.replaceAll('/', '\\')}`), UTCDateModified: compact(modified), Flags: 0 });

const plainJson: Writer = ({ path }) => JSON.stringify({ path: `/${path}`, type: 'file' });
const upperJson: Writer = ({ path }) => JSON.stringify({ Path: path });
const doubleJson: Writer = (file) => JSON.stringify(plainJson(file));

const plainText: Writer = ({ path }) => path;
const baseName: Writer = ({ path }) => path.slice(path.lastIndexOf('/') + 1);
const quoted: Writer = ({ path }) => ` "${path}" `;
const absolute: Writer = ({ path }) => `/home/anna/${path}`;
const windows: Writer = ({ path }) => `C:\\Users\\Anna\\${path.replaceAll('/', '\\')}`;
const upwards: Writer = ({ path }) => `../../${path}`;
const gitAnnex: Writer = ({ path, modified }) =>
  `SHA256E-s${modified % 100_000}--${Buffer.from(path).toString('hex').padEnd(64, '0').slice(0, 64)}.${path.split('.').at(-1)}`;

/** Texts that give no name, or none that can be trusted. */
const empty: Writer = () => '';
const nameless: Writer = () => 'mt2 eyJtdGltZSI6IjAifQ==';
const broken: Writer = () => '<m><v>4</v><p>%%%not base64%%%</p></m>';
const longest: Writer = ({ path }) => path.padStart(1024, 'a long name and ');

/** Every format, in turn. Formats that were common come more than once. */
export const DEMO_FORMATS: readonly Writer[] = [
  mt2,
  fastGlacier4,
  plainText,
  cloudBerry,
  windows,
  fastGlacier2,
  mt1,
  plainJson,
  fastGlacier1,
  absolute,
  mt2,
  fastGlacier3,
  doubleJson,
  baseName,
  empty,
  fastGlacier4,
  fastGlacierLines,
  upperJson,
  gitAnnex,
  quoted,
  nameless,
  fastGlacier4Compressed,
  upwards,
  broken,
  longest,
];

/** `20121105T140258Z`. */
function compact(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** .NET's UTF-7: all but letters, digits, `'(),-./:?` and white space goes into base64 of UTF-16; a `+` by itself is `+-`. */
export function utf7(text: string): string {
  return text.replace(/\+|[^A-Za-z0-9'(),\-./:? \t\r\n+][^A-Za-z0-9'(),\-./:? \t\r\n]*/g, (run) =>
    run === '+' ? '+-' : `+${Buffer.from(run, 'utf16le').swap16().toString('base64').replace(/=+$/, '')}-`,
  );
}
