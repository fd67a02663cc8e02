import type { Content } from '@sluice/api';
import { formatEndpoint, type Refusal } from '@sluice/model';
import { html, Markup } from './markup.ts';
import { pageStyle } from './page-style.ts';

const kindNames: Readonly<Record<Content['kind'], string>> = {
  film: 'Film',
  radio: 'Radio',
  picture: 'Picture',
  text: 'Text',
  download: 'Download',
};

/** The page of contents. Every link is relative, so that it works under another's address too. */
export function contentsPage(contents: readonly Content[]): string {
  const [first, ...others] = contents.toSorted((a, b) => kindOrder(a) - kindOrder(b));
  return page(
    'Sluice: what is on',
    html`<h1>What would you like to see?</h1>
<p class="lead">Choose a title. Your gateway opens for exactly its streams, from its server to your device, and closes when you leave.</p>
${first ? html`<ul class="shelf">${card(first, true)}</ul>` : html`<div class="notice"><p><strong>Nothing is on right now.</strong></p><p>The media server has no content.</p></div>`}
${others.length === 0 ? undefined : html`<h2>Also on</h2>\n<ul class="shelf">${others.map((content) => card(content, false))}</ul>`}`,
    '',
  );
}

/** What a content is and how an appliance plays it: for a browser that is not on an appliance's screen. */
export function contentPage(content: Content, origin: string): string {
  return page(
    content.title,
    html`<h1>${content.title}</h1>
<p class="lead">${content.description}</p>
<div class="notice"><p><strong>This plays on a network appliance.</strong></p>
<p>Open this page on your television's own screen, or ask for it from a device with a certificate of its own:</p>
<pre><code>sluice appliance play ${content.contentId} --portal ${origin} --identity ./tv</code></pre></div>
<h2>Its streams</h2>
<table><thead><tr><th scope="col">Stream</th><th scope="col">Type</th><th scope="col">Comes from</th></tr></thead>
<tbody>${content.streams.map(
      ({ id, streamType, remote }) =>
        html`<tr><td>${id}</td><td>${streamType.toUpperCase()}</td><td>${formatEndpoint(remote)}</td></tr>`,
    )}</tbody></table>`,
    '../',
  );
}

/** What went wrong, and what to do. */
export function refusalPage(refusal: Refusal, base: string): string {
  return page(
    'Sluice: not now',
    html`<h1>That did not work</h1>
<div class="notice" role="alert"><p><strong>${refusal.message}</strong></p>
<p>The reason's code is <code>${refusal.code}</code>. <a href="${base}.">Back to what is on</a></p></div>`,
    base,
  );
}

function kindOrder({ kind }: Content): number {
  return Object.keys(kindNames).indexOf(kind);
}

function card(content: Content, isFirst: boolean): Markup {
  const id = encodeURIComponent(content.contentId);
  return html`<li${isFirst ? new Markup(' class="first"') : undefined}><a class="card" href="play/${id}">
<div class="picture"><img src="posters/${id}" alt="" width="640" height="360"${isFirst ? undefined : new Markup(' loading="lazy"')}><span class="kind">${kindNames[content.kind]}</span><span class="play">${playIcon}</span></div>
<div class="words"><h3>${content.title}</h3><p>${content.description}</p><p class="facts">${facts(content)}</p></div>
</a></li>`;
}

function facts(content: Content): string {
  const { durationSeconds, kind } = content;
  const length = durationSeconds === undefined ? 'live' : spoken(durationSeconds);
  const lasts = kind === 'film' || kind === 'radio';
  const count = content.streams.length;
  return [...(lasts ? [length] : []), count === 1 ? '1 stream' : `${count} streams`].join(' · ');
}

function spoken(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

const playIcon = new Markup(
  '<svg viewBox="0 0 24 24" aria-hidden="true" fill="currentColor"><path d="M7 4.5v15l13-7.5z"/></svg>',
);

const gate =
  'viewBox="0 0 32 32" fill="none" stroke-width="2.6" stroke-linecap="round"><path d="M5 27V7a3 3 0 0 1 3-3h16a3 3 0 0 1 3 3v20"/><path d="M11 4v11M16 4v11M21 4v11"/><path d="M10 23c2-2 4-2 6 0s4 2 6 0"/></svg>';

const mark = new Markup(`<svg aria-hidden="true" stroke="currentColor" ${gate}`);

/** The portal's mark as a file, for tabs and bookmarks: SVG. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" stroke="#0b8f7f" ${gate}`;

function page(title: string, body: Markup, base: string): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="${base}icon.svg" type="image/svg+xml">
<style>${new Markup(pageStyle)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the contents</a>
<header><a href="${base}./">${mark}<span>Sluice</span></a><p>the home that opens for what it asked for</p></header>
<main id="content">${body}</main>
<footer>Closed by default, open exactly, closed again.</footer>
</body>
</html>
`.text;
}
