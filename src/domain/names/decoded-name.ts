/**
 * Where a name came from. `override` and `synology` are given from outside; `none` is a description that is empty.
 * Stable: reports, `--json` and the state file hold on to it.
 */
export type NameFormat =
  | 'override'
  | 'synology'
  | 'mt2'
  | 'mt1'
  | 'fastglacier'
  | 'cloudberry'
  | 'json'
  | 'text'
  | 'none';

/** What the tool that uploaded the archive did to the original, so that its bytes are not what the name promises. */
export interface NameFlags {
  readonly compressed?: boolean;
  readonly encrypted?: boolean;
  /** The archive only marks a directory. */
  readonly directory?: boolean;
}

/** What a description says. */
export interface DecodedName {
  readonly format: NameFormat;
  /** As the uploader wrote it, not yet fit for a key. Absent where there is none or it cannot be decoded. */
  readonly path?: string;
  /** When the original was last modified: milliseconds since 1970, in whole seconds. */
  readonly mtime?: number;
  readonly flags: NameFlags;
  /** For people: why there is no path. */
  readonly note?: string;
}

/** The flags of a format that has none. */
export const NO_FLAGS: NameFlags = Object.freeze({});
