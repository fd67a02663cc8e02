// Draws the way of the streams: one lane each, from the server's port through the gateway's to this device's.

const width = 940;
const wall = { x: 452, width: 26 };
const boxes = { left: 16, right: 924, width: 168 };
const top = 64;
const lane = 34;

/** A diagram inside an <svg> element. */
export class PathDiagram {
  #svg;
  #lanes = new Map();
  #packets = new Map();

  constructor(svg) {
    this.#svg = svg;
  }

  /** The lanes, closed still. `streams`: id and remote endpoint of each. */
  lay(streams) {
    const height = top + streams.length * lane + 34;
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.#svg.replaceChildren(
      box(boxes.left, height, 'Media server', streams[0]?.remote.address ?? ''),
      box(boxes.right - boxes.width, height, 'This device', '', 'device'),
      node('rect', { class: 'wall', x: wall.x, y: 44, width: wall.width, height: height - 56, rx: 5 }),
      text(wall.x + wall.width / 2, 22, 'Gateway', 'name', 'middle'),
      text(wall.x + wall.width / 2, 38, '', 'quiet', 'middle', 'gateway'),
    );
    streams.forEach((stream, index) => {
      const y = top + index * lane + lane / 2;
      const from = boxes.left + boxes.width;
      const to = boxes.right - boxes.width;
      const ways = `M${from} ${y}H${wall.x}M${wall.x + wall.width} ${y}H${to}`;
      const group = node('g', { class: 'known' });
      group.append(
        node('path', { class: 'lane', d: ways }),
        node('rect', { class: 'gap', x: wall.x - 1, y: y - 8, width: wall.width + 2, height: 16 }),
        node('path', { class: 'lane gap', d: `M${wall.x} ${y}h${wall.width}` }),
        node('path', { class: 'flow', d: `M${from} ${y}H${to}` }),
        text(boxes.left + 14, y + 4, stream.id, 'name', 'start'),
        text(boxes.left + boxes.width - 10, y + 4, stream.remote.port, 'quiet port', 'end'),
        text(wall.x - 10, y - 6, '', 'quiet port', 'end', `global-${stream.id}`),
        text(boxes.right - boxes.width + 12, y + 4, '', 'quiet port', 'start', `local-${stream.id}`),
      );
      this.#lanes.set(stream.id, group);
      this.#svg.append(group);
    });
  }

  /** The openings hold: the wall has a gap for each. */
  open(streams) {
    for (const { id, global, local } of streams) {
      this.#lanes.get(id)?.classList.add('open');
      this.#say(`global-${id}`, `port ${global.port}`);
      this.#say(`local-${id}`, `port ${local.port}`);
      this.#say('gateway', global.address === local.address ? 'pinholes' : global.address);
      this.#say('device', local.address);
    }
  }

  /** Lanes move where packets arrived since the last call. */
  count(streams) {
    for (const { id, packetsReceived } of streams) {
      const moves = packetsReceived > (this.#packets.get(id) ?? 0);
      this.#packets.set(id, packetsReceived);
      this.#lanes.get(id)?.classList.toggle('moving', moves);
    }
  }

  /** The gateway is closed again. */
  close() {
    for (const group of this.#lanes.values()) group.classList.remove('open', 'moving');
  }

  #say(id, words) {
    const element = this.#svg.querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (element) element.textContent = words;
  }
}

function box(x, height, name, address, id) {
  const group = node('g', {});
  group.append(
    node('rect', { class: 'box', x, y: 44, width: boxes.width, height: height - 56, rx: 10 }),
    text(x + boxes.width / 2, 22, name, 'name', 'middle'),
    text(x + boxes.width / 2, 38, address, 'quiet', 'middle', id),
  );
  return group;
}

function text(x, y, words, style, anchor, id) {
  const element = node('text', { x, y, class: style, 'text-anchor': anchor });
  if (id) element.dataset.id = id;
  element.textContent = String(words);
  return element;
}

function node(name, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
