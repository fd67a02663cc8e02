/**
 * The one command that is ever run at a gateway, constant to the letter: what is asked goes to its standard input, the
 * first line says which of two things, and no word of it reaches the shell. Fits a key that is restricted to it
 * (`command=` of authorized_keys). nft(8) cannot open a socket as its input, which sshd gives; hence the pipe.
 */
export const remoteCommand =
  'PATH=$PATH:/usr/sbin:/sbin; IFS= read -r what; case "$what" in nft) cat | nft -f /dev/stdin;; addresses) ip -o address show;; *) echo "unknown request" >&2; exit 64;; esac';

/** What the first line of the input says. */
export type RemoteRequest = { readonly what: 'nft'; readonly text: string } | { readonly what: 'addresses' };

/** The input of {@link remoteCommand}. */
export function remoteInput(request: RemoteRequest): string {
  return request.what === 'nft' ? `nft\n${request.text}` : `${request.what}\n`;
}
