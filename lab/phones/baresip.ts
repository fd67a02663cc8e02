import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostProcess, startOnHost } from '../process.ts';
import { run } from '../run.ts';
import { toneOf } from './tone.ts';
import { readWav, type Sound, writeWav } from './wav.ts';

/** A telephone of Debian's, and where it is. */
export interface PhoneOptions {
  /** Of `BuiltNetwork.namespace`. */
  readonly namespace: string;
  /** The phone's own IPv4 address. */
  readonly address: string;
  readonly name: string;
  readonly password: string;
  /** `sip:NAME@domain` is the phone's. */
  readonly domain: string;
  /** Where it registers, "203.0.113.20:5060". Left out, it does not. */
  readonly registrar?: string;
  readonly transport?: 'udp' | 'tcp';
  /** What it says all the time. */
  readonly toneHz: number;
}

/** An unmodified baresip, without STUN, TURN or ICE, that answers every call. Disposing ends it. */
export interface Phone extends AsyncDisposable {
  readonly process: HostProcess;
  /** Resolves when a line that fits has been said since the last that was waited for; rejects with what was said. */
  said(line: RegExp, signal: AbortSignal): Promise<void>;
  /** One of its commands: "dial", "hangup", "hold", "resume". */
  command(name: string, parameters?: string): Promise<void>;
  /** What it has heard since it was started; whole when its calls are over. */
  heard(): Sound;
}

const modules = '/usr/lib/baresip/modules';
const controlPort = 4_444;
const longestCallSeconds = 120;

/** Starts one; resolves when it is ready to be commanded. */
export async function startPhone(options: PhoneOptions, signal: AbortSignal): Promise<Phone> {
  const directory = mkdtempSync(join(tmpdir(), 'baresip-'));
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  try {
    writeFiles(directory, options);
    const started = await startOnHost(
      {
        name: `the phone of ${options.name}`,
        namespace: options.namespace,
        command: ['baresip', '-f', directory],
        becomesReady: false,
        onLine(line) {
          // What it shows of a call that goes on, many times a second.
          if (/audio=\d+\/\d+/.test(line)) return;
          lines.push(line);
          for (const look of waiting) look();
        },
      },
      signal,
    );
    let heardUpTo = 0;
    const phone: Phone = {
      process: started,
      said(line, until) {
        return new Promise((resolve, reject) => {
          const look = () => {
            const at = lines.findIndex((each, index) => index >= heardUpTo && line.test(each));
            if (at < 0) return;
            heardUpTo = at + 1;
            end(resolve);
          };
          const end = (settle: () => void) => {
            waiting.delete(look);
            until.removeEventListener('abort', late);
            settle();
          };
          const late = () =>
            end(() => reject(new Error(`${options.name} did not say ${line}:\n${lines.slice(-20).join('\n')}`)));
          waiting.add(look);
          until.addEventListener('abort', late, { once: true });
          look();
        });
      },
      command: (name, parameters) => command(options.namespace, name, parameters, signal),
      heard() {
        const names = readdirSync(join(directory, 'heard')).filter((name) => name.endsWith('-dec.wav'));
        // A call that was held and taken up again is written down in several pieces.
        const pieces = names.sort().map((name) => readWav(readFileSync(join(directory, 'heard', name))));
        const samples = pieces.flatMap((piece) => [...piece.samples]);
        return { rate: pieces[0]?.rate ?? 8_000, samples: Int16Array.from(samples) };
      },
      async [Symbol.asyncDispose]() {
        await started.stop();
        rmSync(directory, { recursive: true, force: true });
      },
    };
    await phone.said(/baresip is ready/, signal);
    return phone;
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function writeFiles(directory: string, { address, name, password, domain, registrar, ...options }: PhoneOptions): void {
  const { transport = 'udp', toneHz } = options;
  mkdirSync(join(directory, 'heard'));
  writeFileSync(join(directory, 'tone.wav'), writeWav(toneOf(toneHz, longestCallSeconds)));
  const registering =
    registrar === undefined ? 'regint=0' : `regint=60;outbound="sip:${registrar};transport=${transport}"`;
  const account = `<sip:${name}@${domain};transport=${transport}>;auth_pass=${password};${registering};answermode=auto;audio_codecs=PCMU`;
  writeFileSync(join(directory, 'accounts'), `${account}\n`);
  writeFileSync(join(directory, 'contacts'), '');
  const lines = [
    'poll_method epoll',
    `sip_listen ${address}:5060`,
    // Nothing is played aloud: what is heard is written down on its way to a player that is none.
    'audio_player aubridge,nobody',
    `audio_source aufile,${join(directory, 'tone.wav')}`,
    ...['ausrc_srate 8000', 'auplay_srate 8000', 'ausrc_channels 1', 'auplay_channels 1'],
    ...['rtp_ports 10000-20000', 'rtcp_mux no', 'jitter_buffer_delay 5-10'],
    `module_path ${modules}`,
    ...['g711', 'aufile', 'aubridge', 'sndfile'].map((module) => `module ${module}.so`),
    ...['account', 'menu', 'ctrl_tcp'].map((module) => `module_app ${module}.so`),
    `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
    `snd_path ${join(directory, 'heard')}`,
  ];
  writeFileSync(join(directory, 'config'), `${lines.join('\n')}\n`);
}

/** Over its control port, as a netstring of JSON, from inside its namespace. */
async function command(
  namespace: string,
  name: string,
  params: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const asked = JSON.stringify({ command: name, ...(params !== undefined && { params }), token: '1' });
  const script = `const s = require('node:net').connect(${controlPort}, '127.0.0.1');
    s.on('data', (d) => { if (/"response"/.test(d)) { process.stdout.write(d); s.destroy(); } });
    s.write(process.argv[1]);`;
  const inside = ['nsenter', `--net=${namespace}`, '--', process.execPath, '-e', script, `${asked.length}:${asked},`];
  const answer = await run(inside, signal);
  if (!/"ok":true/.test(answer)) throw new Error(`the phone would not ${name} ${params ?? ''}: ${answer}`);
}
