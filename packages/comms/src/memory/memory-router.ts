import { CommsError } from '../comms-error.ts';
import type { RouterMessage } from '../service.ts';
import { getOrCreate } from './get-or-create.ts';
import { HeldMessages } from './held-messages.ts';

type Frames = readonly Uint8Array[];

/** One router and the dealers that talk to it. Messages wait until the other end listens. */
export class MemoryRouter {
  readonly incoming: HeldMessages<RouterMessage> = new HeldMessages();
  readonly #dealers = new Map<string, HeldMessages<Frames>>();

  dealer(name: string): HeldMessages<Frames> {
    return getOrCreate(this.#dealers, name, () => new HeldMessages<Frames>());
  }

  toDealer(name: string, frames: Frames): void {
    const dealer = this.#dealers.get(name);
    if (dealer === undefined) {
      throw new CommsError('AIPERF_COMMS_UNREACHABLE', `router: no peer ${name} is connected`);
    }
    dealer.add(frames);
  }

  removeDealer(name: string): void {
    this.#dealers.delete(name);
  }
}
