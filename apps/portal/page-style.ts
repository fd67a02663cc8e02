/** The style sheet of every page of the portal. It stands in the page, so that a page is one exchange. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f5f3ef, #101418);
  --raised: light-dark(#fff, #1a2027);
  --ink: light-dark(#17202a, #eef1f4);
  --quiet: light-dark(#5a6672, #9aa7b4);
  --line: light-dark(#dcd7ce, #2a333d);
  --accent: light-dark(#0b6e63, #4fd1b5);
  --on-accent: light-dark(#fff, #06231e);
  --radius: 14px;
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
a { color: inherit; }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: var(--radius); }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; background: var(--raised); padding: .5rem 1rem; z-index: 2; }
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
header { display: flex; align-items: center; gap: .75rem; padding-block: 1.25rem; }
header a { display: flex; align-items: center; gap: .7rem; text-decoration: none; font-weight: 650; letter-spacing: .01em; }
header svg { width: 30px; height: 30px; color: var(--accent); }
header p { margin: 0 0 0 auto; color: var(--quiet); font-size: .9rem; }
h1 { font-size: clamp(1.7rem, 4vw, 2.6rem); line-height: 1.15; letter-spacing: -.02em; margin: 1rem 0 .4rem; text-wrap: balance; }
.lead { color: var(--quiet); max-width: 60ch; margin: 0 0 2rem; }
h2 { font-size: .85rem; font-weight: 650; letter-spacing: .09em; text-transform: uppercase; color: var(--quiet); margin: 2.5rem 0 1rem; }
.shelf { list-style: none; margin: 0; padding: 0; display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); }
.card { display: flex; flex-direction: column; height: 100%; background: var(--raised); border: 1px solid var(--line);
  border-radius: var(--radius); overflow: hidden; text-decoration: none; transition: transform .15s ease, box-shadow .15s ease, border-color .15s ease; }
.card:hover { transform: translateY(-3px); border-color: var(--accent); box-shadow: 0 12px 30px rgb(0 0 0 / .16); }
.picture { position: relative; aspect-ratio: 16 / 9; background: linear-gradient(135deg, light-dark(#d8e6e2, #173a36), light-dark(#e9dcc7, #3a2d17)); overflow: hidden; }
.picture img { width: 100%; height: 100%; object-fit: cover; display: block; color: transparent; }
.play { position: absolute; right: .8rem; bottom: .8rem; width: 2.75rem; height: 2.75rem; border-radius: 50%; display: grid; place-items: center;
  background: var(--accent); color: var(--on-accent); box-shadow: 0 3px 12px rgb(0 0 0 / .35); }
.play svg { width: 1.15rem; height: 1.15rem; }
.shelf li { max-width: 600px; }
.shelf .first { max-width: none; }
.kind { position: absolute; left: .8rem; top: .8rem; padding: .15rem .6rem; border-radius: 99px; font-size: .78rem; font-weight: 600;
  background: rgb(10 16 20 / .66); color: #fff; }
.words { padding: 1rem 1.1rem 1.15rem; display: flex; flex-direction: column; gap: .35rem; flex: 1; }
.card h3 { margin: 0; font-size: 1.12rem; line-height: 1.3; }
.card p { margin: 0; color: var(--quiet); font-size: .93rem; }
.facts { margin-top: auto !important; padding-top: .5rem; font-size: .82rem !important; font-variant-numeric: tabular-nums; }
.first { grid-column: 1 / -1; }
@media (min-width: 760px) {
  .first .card { flex-direction: row; }
  .first .picture { flex: 0 0 58%; }
  .first .words { padding: 2rem; justify-content: center; gap: .6rem; }
  .first h3 { font-size: 1.7rem; letter-spacing: -.01em; }
  .first .card p { font-size: 1rem; }
  .first .facts { margin-top: .5rem !important; }
}
.notice { background: var(--raised); border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: var(--radius); padding: 1.25rem 1.5rem; max-width: 70ch; }
.notice p { margin: .3rem 0; }
code { font: .92em ui-monospace, "SF Mono", Menlo, Consolas, monospace; background: light-dark(#ece8e0, #0b0f13); padding: .15em .4em; border-radius: 6px; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: light-dark(#ece8e0, #0b0f13); padding: 1rem; border-radius: 10px; overflow: auto; }
pre code { background: none; padding: 0; }
table { border-collapse: collapse; width: 100%; max-width: 720px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 550; font-size: .85rem; }
footer { color: var(--quiet); font-size: .85rem; padding-block: 3rem 2rem; }
@media (prefers-reduced-motion: reduce) { .card { transition: none; } .card:hover { transform: none; } }
`;
