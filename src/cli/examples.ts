/** A command line and what it does, in the words that stand above it. */
export interface Example {
  readonly does: string;
  readonly line: string;
}

/** By command, as it is typed. Help and manual show them; a test parses each. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  transfer: [
    { does: 'copy a vault', line: 'glacier2s3 transfer --vault photos --bucket my-archive' },
    {
      does: 'a trial of ten archives, for at most 5 USD',
      line: 'glacier2s3 transfer --vault photos --bucket my-archive --limit 10 --max-cost 5',
    },
    {
      does: 'under cron: do what can be done now, ask nothing',
      line: 'glacier2s3 transfer --config /etc/glacier2s3/photos.toml --once --yes',
    },
    {
      does: 'only pictures, as they are, in another class',
      line: "glacier2s3 transfer --vault photos --bucket my-archive --include '*.jpg' --exclude '*' --storage-class GLACIER_IR",
    },
  ],
  plan: [
    { does: 'what it would copy, when and for how much', line: 'glacier2s3 plan --vault photos --bucket my-archive' },
    {
      does: 'the same from an inventory that is at hand, as a page',
      line: 'glacier2s3 plan --vault photos --bucket my-archive --inventory inventory.json --region eu-west-1 --html plan.html',
    },
  ],
  names: [
    { does: 'how many names of which kind', line: 'glacier2s3 names --vault photos --bucket my-archive --summary' },
    {
      does: 'as a table to edit, for transfer --names names.csv',
      line: 'glacier2s3 names --vault photos --bucket my-archive --format csv > names.csv',
    },
  ],
  status: [
    { does: 'all transfers of this machine', line: 'glacier2s3 status' },
    { does: 'one, as JSON', line: 'glacier2s3 status --vault photos --bucket my-archive --json' },
  ],
  dashboard: [
    { does: 'on the usual port', line: 'glacier2s3 dashboard' },
    {
      does: 'one transfer, on any free port',
      line: 'glacier2s3 dashboard --vault photos --bucket my-archive --listen 127.0.0.1:0',
    },
  ],
  report: [
    { does: 'what became of the archives', line: 'glacier2s3 report --vault photos --bucket my-archive' },
    {
      does: 'one line an archive, into the bucket',
      line: 'glacier2s3 report --vault photos --bucket my-archive --output s3://my-archive/manifest.csv',
    },
  ],
  retry: [
    { does: 'all that failed', line: 'glacier2s3 retry --vault photos --bucket my-archive' },
    {
      does: 'those whose job failed',
      line: 'glacier2s3 retry --vault photos --bucket my-archive --code job_failed',
    },
  ],
  'inventory get': [{ does: 'ask for it, and fetch it hours later', line: 'glacier2s3 inventory get --vault photos' }],
  'inventory import': [
    { does: 'one that another tool has fetched', line: 'glacier2s3 inventory import inventory.json --vault photos' },
  ],
  'inventory export': [
    { does: 'as CSV', line: 'glacier2s3 inventory export --vault photos --format csv --output inventory.csv' },
  ],
  doctor: [{ does: 'before the first transfer', line: 'glacier2s3 doctor --vault photos --bucket my-archive' }],
  'iam-policy': [
    { does: 'what a transfer needs', line: 'glacier2s3 iam-policy --vault photos --bucket my-archive' },
    { does: 'what a purge needs', line: 'glacier2s3 iam-policy --for purge --vault photos --bucket my-archive' },
  ],
  setup: [
    {
      does: 'topic and queue, and a rule against forgotten uploads',
      line: 'glacier2s3 setup --vault photos --bucket my-archive --lifecycle',
    },
  ],
  teardown: [
    { does: 'remove what setup made', line: 'glacier2s3 teardown --vault photos --bucket my-archive --lifecycle' },
  ],
  verify: [
    {
      does: 'every object, the differences in a file',
      line: 'glacier2s3 verify --vault photos --bucket my-archive --combined differences.txt',
    },
    {
      does: 'read a hundred of them back',
      line: 'glacier2s3 verify --vault photos --bucket my-archive --deep --sample 100',
    },
  ],
  purge: [
    { does: 'see what it would delete', line: 'glacier2s3 purge --vault photos --bucket my-archive --dry-run' },
    {
      does: 'delete ten archives, as a trial',
      line: 'glacier2s3 purge --vault photos --bucket my-archive --limit 10 --confirm photos',
    },
  ],
  'delete-vault': [
    { does: 'run it daily until it ends with 0', line: 'glacier2s3 delete-vault --vault photos --bucket my-archive' },
  ],
  recover: [
    {
      does: 'on a new machine, from the backup if there is one',
      line: 'glacier2s3 recover --vault photos --bucket my-archive --state-backup s3://my-archive/state',
    },
  ],
  demo: [{ does: 'a day of Glacier in seconds, with 50 archives', line: 'glacier2s3 demo --archives 50' }],
  simulator: [{ does: 'on a port of your choice', line: 'glacier2s3 simulator --port 9000' }],
  completion: [
    {
      does: 'bash, for this user',
      line: 'glacier2s3 completion bash > ~/.local/share/bash-completion/completions/glacier2s3',
    },
    { does: 'zsh, in ~/.zshrc, below compinit', line: 'source <(glacier2s3 completion zsh)' },
    { does: 'fish, for this user', line: 'glacier2s3 completion fish > ~/.config/fish/completions/glacier2s3.fish' },
  ],
  version: [{ does: 'for a script', line: 'glacier2s3 version --json' }],
};
