import { spawn, spawnSync, type ChildProcess } from 'node:child_process';

/** A program to run with a folder as its whole world. */
export interface Inside {
  root: string;
  /** Folder to start in, seen from inside. */
  cwd: string;
  /** User as a number; 0 may write wherever the folder's owner may. */
  user: number;
  env: Readonly<Record<string, string>>;
  command: readonly string[];
  /** Folders and files of this machine by the path inside: writable with the root read-only, which it then is. */
  volumes?: Readonly<Record<string, string>>;
  /** Lets the certificates that this machine trusts through, for what is fetched. */
  fetches?: boolean;
}

/** Owner of all that is made, where this runs as root: nobody. */
const noOne = 65_534;

/** Who owns and runs everything: whoever runs this, or nobody instead of root. */
export const owner: number = process.getuid?.() === 0 ? noOne : (process.getuid?.() ?? noOne);

/*
 * $1 the folder, $2 its working folder, $3 the user, $4 "ro" or "rw", $5 how many pairs of a volume and its place follow,
 * then NAME=value …, then --, then the command. Its last line replaces the shell, so that signals reach the program.
 */
const script = `
set -e
root=$1 cwd=$2 user=$3 mode=$4 volumes=$5
shift 5
mount --bind "$root" "$root"
mount --rbind /proc "$root/proc"
for device in null zero random urandom; do
  [ -e "$root/dev/$device" ] || : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
while [ "$volumes" -gt 0 ]; do
  mount --bind "$1" "$root$2"
  shift 2
  volumes=$((volumes - 1))
done
if [ "$mode" = ro ]; then
  mount -o remount,bind,ro "$root"
  mount -t tmpfs -o size=16m,mode=1777 tmpfs "$root/tmp"
fi
if [ "$user" = 0 ]; then exec env -i "$@"; fi
exec env -i "$@"
`;

const argumentsOf = ({ root, cwd, user, env, command, volumes, fetches }: Inside): string[] => {
  const pairs = Object.entries(volumes ?? {});
  const as = user === 0 ? [] : [`--map-user=${user}`, `--map-group=${user}`];
  return [
    ...['-c', script, 'inside', root, cwd, String(user), volumes ? 'ro' : 'rw', String(pairs.length)],
    ...pairs.flatMap(([place, source]) => [source, place]),
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(fetches ? ['NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'] : []),
    // Found before the root changes; the program itself is found inside, by the PATH given here.
    ...['/usr/bin/unshare', ...as, `--root=${root}`, `--wd=${cwd}`, '--', ...command],
  ];
};

/** Without the rights of root: a user namespace, in which the owner of the folder counts as root. */
const enter = (args: readonly string[]): [string, string[]] => {
  const unshare = ['/usr/bin/unshare', '--user', '--map-root-user', '--mount', '/bin/sh', ...args];
  const drop = ['/usr/bin/setpriv', `--reuid=${noOne}`, `--regid=${noOne}`, '--clear-groups'];
  const [first = '', ...rest] = process.getuid?.() === 0 ? [...drop, ...unshare] : unshare;
  return [first, rest];
};

/** Why no such world can be had here; undefined where it can. */
export const whyNot = (): string | undefined => {
  if (process.platform !== 'linux') return 'user namespaces are a thing of Linux';
  const [command, args] = enter(['-c', 'mount -t tmpfs tmpfs /tmp']);
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? undefined : `user namespaces cannot be used: ${error?.message ?? stderr.trim()}`;
};

/** Runs to the end. Gives the exit status and everything that was printed. */
export const runInside = (inside: Inside): { status: number | null; output: string } => {
  const [command, args] = enter(argumentsOf(inside));
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return { status, output: `${stdout}${stderr}` };
};

/** Starts, and leaves it running. */
export const startInside = (inside: Inside): ChildProcess => {
  const [command, args] = enter(argumentsOf(inside));
  return spawn(command, args, { stdio: 'pipe' });
};
