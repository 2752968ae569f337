import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { SECOND } from '../lib/duration.ts';
import { KiB, MiB } from '../lib/size.ts';
import { BodyDecoder, framingOf, type ResponseHead, readHead } from './http-message.ts';

export interface Origin {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
}

/** Where the bytes of a response's body go. */
export interface BodySink {
  /** The memory that the next bytes may be read into; undefined: wherever. */
  roomFor(): Uint8Array | undefined;
  /**
   * Bytes of the body; those that were read into `roomFor()` are there already. @returns false: no more until `resume`.
   */
  accept(bytes: Uint8Array): boolean;
  finish(): void;
  fail(error: Error): void;
}

/** Of an iterable each piece stays as it is until the next but one is asked for. */
export type RequestBody = Uint8Array | AsyncIterable<Uint8Array>;

/** What comes of a request: the head, then the body as the sink wants it. */
export interface Exchange {
  /** @returns where the body goes; `length` is absent where it isn't announced. */
  head(head: ResponseHead, length: number | undefined): BodySink;
  fail(error: Error): void;
}

const CONNECT_TIMEOUT_MS = 10 * SECOND;
/**
 * One read at most. Measured for parts of 64 MiB, CPU seconds a GiB all told: 1.48 with 64 KiB, 1.37 with 256 KiB, 1.25
 * with 512 KiB, 1.19 with 1 MiB, 1.12 with 4 MiB and no less beyond: what is saved on calls is more than what is lost
 * as bytes leave the processor's cache before they are hashed.
 */
const MOST_READ = 4 * MiB;
/**
 * One write at most over TLS, which encrypts all that it is given before it sends any. Measured for parts of 16 MiB with
 * `--memory 256MiB`: a peak of 407 MiB with 1 MiB, 394 with 256 KiB, at 4 % less CPU; 64 KiB saves no more.
 */
const MOST_ENCRYPTED = 256 * KiB;
const SCRATCH = 64 * KiB;
/** What is read with a head, and once more before it is known where the body goes: what comes first is not asked for in turns. */
const FIRST_READ = 16 * KiB;
const LONGEST_HEAD = 64 * KiB;

/**
 * One connection that reads bodies straight into the memory they are meant for. Node's own client reads 64 KiB at a
 * time into a new buffer, and copies it once more: measured here with 16 MiB parts, 3.0 CPU seconds a GiB all told, of
 * which one third was page faults, garbage and copies.
 */
export class DirectConnection {
  /** Requests that were answered in full. */
  answered = 0;
  readonly #socket: Socket;
  readonly #onFree: (connection: DirectConnection) => void;
  readonly #isEncrypted: boolean;
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH);
  #reading: Uint8Array = this.#scratch;
  #exchange: Exchange | undefined;
  #heard: Buffer = Buffer.alloc(0);
  #sink: BodySink | undefined;
  #decoder: BodyDecoder | undefined;
  #keepAlive = true;
  /** Whether the request's body is still on its way. */
  #isSending = false;
  /** Bytes behind the head, kept until the sink asks for them. */
  #early: Buffer | undefined;

  /** @param idleTimeoutMs an exchange in which nothing goes either way for so long is broken off; undefined: never. */
  constructor(origin: Origin, idleTimeoutMs: number | undefined, onFree: (connection: DirectConnection) => void) {
    this.#onFree = onFree;
    this.#isEncrypted = origin.protocol === 'https:';
    this.#socket = open(origin, {
      buffer: () => {
        this.#reading = this.#room();
        return this.#reading;
      },
      callback: (length) => this.#got(this.#reading.subarray(0, length)),
    });
    const slow = setTimeout(() => {
      this.#socket.destroy(coded('ETIMEDOUT', `no connection to ${origin.host} within 10 s`));
    }, CONNECT_TIMEOUT_MS);
    this.#socket.once(this.#isEncrypted ? 'secureConnect' : 'connect', () => clearTimeout(slow));
    if (idleTimeoutMs !== undefined) {
      this.#socket.setTimeout(idleTimeoutMs);
      // each time, and not only the first, which may be while nobody asks for anything
      this.#socket.on('timeout', () => {
        if (this.#exchange) this.#socket.destroy(idle(idleTimeoutMs));
      });
    }
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => {
      clearTimeout(slow);
      this.#closed();
    });
  }

  get isUsable(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** Whether the response's first byte has come. */
  get hasHeard(): boolean {
    return this.#heard.length > 0 || this.#sink !== undefined;
  }

  /** Sends a request; one at a time. The body's memory is read from until the exchange is over or the connection destroyed. */
  send(head: Buffer, body: RequestBody | undefined, exchange: Exchange): void {
    this.#exchange = exchange;
    this.#heard = Buffer.alloc(0);
    this.#socket.ref();
    this.#socket.cork();
    this.#socket.write(head);
    if (body) void this.#sendBody(body, exchange);
    this.#socket.uncork();
    this.#socket.resume();
  }

  /** Reads on after a sink has said no. */
  resume(): void {
    const early = this.#early;
    if (early) {
      this.#early = undefined;
      if (!this.#body(early)) return;
    }
    this.#socket.resume();
  }

  destroy(): void {
    this.#sink = undefined;
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  async #sendBody(body: RequestBody, exchange: Exchange): Promise<void> {
    this.#isSending = true;
    const isOver = () => this.#exchange !== exchange || this.#socket.destroyed;
    try {
      if (body instanceof Uint8Array) await this.#write(body);
      else {
        for await (const piece of body) {
          if (isOver()) return;
          await this.#write(piece);
          // by the next piece the memory may be another part's
          if (isOver()) return;
        }
      }
      this.#isSending = false;
    } catch (error) {
      // what is wrong with the socket, it says itself
      if (!isOver()) this.#socket.destroy(error as Error);
    }
  }

  /** Resolves once the bytes are no longer needed. */
  async #write(bytes: Uint8Array): Promise<void> {
    const most = this.#isEncrypted ? MOST_ENCRYPTED : bytes.length;
    for (let from = 0; from < bytes.length; from += most) {
      const part = bytes.subarray(from, from + most);
      await new Promise<void>((resolve, reject) => {
        this.#socket.write(part, (error) => (error ? reject(error) : resolve()));
      });
    }
  }

  #room(): Uint8Array {
    if (!this.#decoder || this.#early) return this.#scratch.subarray(0, FIRST_READ);
    // what TLS has decrypted it gives out even after a destroy: copied, at 1.5 % of the CPU, for the memory may be another's
    const room = this.#decoder.isPlain && !this.#isEncrypted ? this.#sink?.roomFor() : undefined;
    if (!room || room.length === 0) return this.#scratch;
    return room.subarray(0, Math.min(MOST_READ, this.#decoder.left ?? 0));
  }

  #got(bytes: Uint8Array): boolean {
    if (this.#early) {
      // TLS gives out what it has decrypted although it was told to wait
      this.#early = Buffer.concat([this.#early, bytes]);
      return false;
    }
    if (this.#sink) return this.#body(bytes);
    if (!this.#exchange) {
      // nothing was asked
      this.#socket.destroy();
      return false;
    }
    this.#heard = Buffer.concat([this.#heard, bytes]);
    try {
      return this.#head();
    } catch (error) {
      // thrown in the socket's own callback: out of reach of whoever asked
      this.#socket.destroy(error as Error);
      return false;
    }
  }

  #head(): boolean {
    const found = readHead(this.#heard);
    if (!found) {
      if (this.#heard.length > LONGEST_HEAD) this.#socket.destroy(coded('EPROTO', 'the head of the answer has no end'));
      return true;
    }
    const { head, rest } = found;
    if (head.status < 200) {
      this.#heard = rest;
      return rest.length === 0 || this.#head();
    }
    const framing = framingOf(head);
    this.#keepAlive = framing.keepAlive;
    this.#decoder = new BodyDecoder(framing);
    this.#sink = this.#exchange?.head(head, framing.length);
    if (this.#decoder.isDone) {
      // what nobody asked for: nothing on this connection can be trusted any more
      if (rest.length > 0) this.#keepAlive = false;
      this.#finish();
      return true;
    }
    // until the sink asks
    this.#early = rest;
    return false;
  }

  #body(bytes: Uint8Array): boolean {
    const decoder = this.#decoder;
    const sink = this.#sink;
    if (!decoder || !sink) return false;
    let wantsMore = true;
    try {
      const plain = decoder.plain(bytes);
      if (plain) wantsMore = sink.accept(plain);
      else for (const piece of decoder.decode(bytes)) wantsMore = sink.accept(piece) && wantsMore;
    } catch (error) {
      // thrown in the socket's own callback: out of reach of whoever asked
      this.#socket.destroy(error as Error);
      return false;
    }
    if (!decoder.isDone) return wantsMore;
    this.#finish();
    return true;
  }

  #finish(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#exchange = undefined;
    this.#decoder = undefined;
    this.answered += 1;
    sink?.finish();
    // answered before it was all sent: nothing more may be sent from memory that will be another part's
    if (!this.#keepAlive || this.#isSending || !this.isUsable) {
      this.#socket.destroy();
      return;
    }
    // an idle connection must not keep the process alive
    this.#socket.unref();
    this.#onFree(this);
  }

  #closed(): void {
    if (this.#decoder?.endsWithConnection) this.#finish();
    else this.#fail(coded('ECONNRESET', 'aborted'));
  }

  #fail(error: Error): void {
    const [sink, exchange] = [this.#sink, this.#exchange];
    this.#sink = undefined;
    this.#exchange = undefined;
    if (sink) sink.fail(error);
    else exchange?.fail(error);
  }
}

interface OnRead {
  readonly buffer: () => Uint8Array;
  readonly callback: (length: number) => boolean;
}

function open({ protocol, host, port }: Origin, onread: OnRead): Socket {
  if (protocol !== 'https:') return connect({ host, port, onread, noDelay: true, keepAlive: true });
  // @types/node leaves out that TLS takes `onread` as net does (Node.js documentation, tls.connect)
  const options: ConnectionOptions & { onread: OnRead } = { host, port, onread };
  const socket = connectTls(isIP(host) ? options : { ...options, servername: host });
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  return socket;
}

/** Named as the SDK's own handler names it. */
function idle(ms: number): Error {
  return Object.assign(new Error(`no bytes either way for ${ms / SECOND} s: inactivity`), { name: 'TimeoutError' });
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
