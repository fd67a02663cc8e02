import type { Grant } from './origins.ts';

/** Nothing of another site's runs in it, and it stands in no frame. */
export const householdPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const style = `:root{color-scheme:light dark}body{font:18px/1.6 system-ui,sans-serif;max-width:36em;margin:12vh auto;padding:0 1.5rem}
code{font-size:1.05em;overflow-wrap:anywhere}li{margin:.6em 0}button{font:inherit;padding:.3em 1em}label{display:block;margin:1em 0}form{display:inline}`;

/**
 * The household's page: which pages of the web may ask, and, where somebody was sent here for that, the question about one
 * more. It is asked in two motions at two places, so that no click that was meant for something else answers it.
 */
export function householdPage(grants: readonly Grant[], token: string, asking: string | undefined): string {
  const hidden = (origin: string) =>
    `<input type="hidden" name="token" value="${token}"><input type="hidden" name="origin" value="${escaped(origin)}">`;
  const question =
    asking === undefined
      ? ''
      : `<h1>May this website play on this device?</h1><p><code>${escaped(asking)}</code></p>
<p>Its pages could then have what your portal offers played here, by the player that this device is set to, and see how that goes on. They see nothing
else of this device, and you can take it back at any time.</p>
<form method="post" action="/allow">${hidden(asking)}
<label><input type="checkbox" name="meant" value="yes" required> I went to this website, and I want it to play here</label>
<button>Allow</button></form>`;
  const rows = grants.map(
    ({ origin, since }) =>
      `<li><code>${escaped(origin)}</code>, since ${new Date(since).toISOString().slice(0, 10)} <form method="post" action="/forget">${hidden(origin)}<button>Take back</button></form></li>`,
  );
  const list =
    rows.length === 0
      ? '<p>No website may play on this device.</p>'
      : `<h2>May play on this device</h2><ul>${rows.join('')}</ul>`;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sluice: websites</title><style>${style}</style>${question}${list}</html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
