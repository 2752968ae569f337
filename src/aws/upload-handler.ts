import { DirectHandler, type HandlerOptions, type SdkRequest, type SdkResponse } from './direct-handler.ts';
import { PiecedBody } from './pieced-body.ts';

/** The SDK's own handler, as far as it is used here. */
interface OtherHandler {
  readonly metadata?: { readonly handlerProtocol: string };
  handle(request: SdkRequest, options?: object): Promise<object>;
  updateHttpClientConfig?(...change: unknown[]): void;
  httpHandlerConfigs?(): object;
  destroy?(): void;
}

/** Sends uploads from our memory over direct connections, and all else by the SDK's handler. */
export class UploadHandler {
  readonly metadata;
  readonly #direct: DirectHandler;
  readonly #other: OtherHandler;

  /** @param idleTimeoutMs how long an upload's connection may be silent. */
  constructor(other: OtherHandler, idleTimeoutMs: number) {
    this.metadata = other.metadata;
    this.#other = other;
    this.#direct = new DirectHandler(idleTimeoutMs);
  }

  handle(request: SdkRequest, options: HandlerOptions = {}): Promise<SdkResponse | object> {
    const isDirect = options.answer || (request.method === 'PUT' && isAtHand(request.body));
    return isDirect ? this.#direct.handle(request, options) : this.#other.handle(request, options);
  }

  updateHttpClientConfig(...change: unknown[]): void {
    this.#other.updateHttpClientConfig?.(...change);
  }

  httpHandlerConfigs(): object {
    return this.#other.httpHandlerConfigs?.() ?? {};
  }

  destroy(): void {
    this.#direct.destroy();
    this.#other.destroy?.();
  }
}

function isAtHand(body: unknown): boolean {
  return body instanceof Uint8Array || body instanceof PiecedBody;
}
