import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a browser loads for the player's page, by name. */
export const pageFiles = [
  'icon.svg',
  'media-feed.js',
  'path-diagram.js',
  'player.css',
  'player.js',
  'subtitles.js',
] as const;

const contentTypes: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The player's page and its files, read once. */
export interface PageFiles {
  /** The page for one content. `autostart`: it asks for the content by itself. */
  player(contentId: string, token: string, autostart: boolean): string;
  file(name: string): { readonly contentType: string; readonly text: string } | undefined;
}

/** Reads them from this folder. */
export function readPageFiles(): PageFiles {
  const read = (name: string) => readFileSync(join(import.meta.dirname, 'page', name), 'utf8');
  const page = read('player.html');
  const files = new Map(pageFiles.map((name) => [name as string, read(name)]));
  return {
    player: (contentId, token, autostart) =>
      page
        .replace('{{content}}', () => escapeHtml(contentId))
        .replace('{{token}}', () => escapeHtml(token))
        .replace('{{autostart}}', String(autostart)),
    file(name) {
      const text = files.get(name);
      const contentType = contentTypes[name.split('.').at(-1) ?? ''] ?? 'text/plain';
      return text === undefined ? undefined : { contentType, text };
    },
  };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
