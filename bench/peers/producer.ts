import { setTimeout as wait } from 'node:timers/promises';
import { answerProof } from './answering.js';
import { micros, orderWriter } from './order.js';
import { loadSubject, type Subject } from './subject.js';

export type ProducerQuestion = EnqueueQuestion | OneAtATimeQuestion | PaceQuestion;

/** As fast as it goes: `lanes` calls under way, each with `batch` jobs. */
interface EnqueueQuestion {
  readonly ask: 'enqueue';
  /** The number of the first job. */
  readonly from: number;
  readonly count: number;
  readonly bytes: number;
  readonly batch: number;
  readonly lanes: number;
}

/** One job, then a pause about as long as `gapMs`, then the next. */
interface OneAtATimeQuestion {
  readonly ask: 'one-at-a-time';
  readonly count: number;
  readonly bytes: number;
  readonly gapMs: number;
}

/** One by one at a pace, whether or not the earlier ones are through: whoever falls behind is late for all that follow. */
interface PaceQuestion {
  readonly ask: 'pace';
  readonly count: number;
  readonly bytes: number;
  readonly perSecond: number;
}

/** How long it took until Redis had all of the jobs. */
interface Taken {
  readonly seconds: number;
}

export interface ProducerAnswers {
  readonly enqueue: Taken;
  readonly 'one-at-a-time': Taken;
  readonly pace: Taken;
}

const [, , subject, url = '', keyed] = process.argv;
const { connectProducer } = await loadSubject(subject as Subject);
const producer = await connectProducer(url, { keyed: keyed === 'keyed' });

async function enqueue({ from, count, bytes, batch, lanes }: EnqueueQuestion): Promise<Taken> {
  const write = orderWriter(bytes);
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const start = next;
      next += batch;
      // Made when they are needed, as in any service: of orders made beforehand the collector would mark every one while it counts.
      const orders = Array.from({ length: Math.min(batch, count - start) }, (_, index) => write(from + start + index));
      const [order] = orders;
      await (batch === 1 && order ? producer.enqueue(order) : producer.enqueueMany(orders));
    }
  };
  return timed(() => Promise.all(Array.from({ length: lanes }, lane)));
}

async function oneAtATime({ count, bytes, gapMs }: OneAtATimeQuestion): Promise<Taken> {
  const write = orderWriter(bytes);
  return timed(async () => {
    for (let number = 0; number < count; number++) {
      await producer.enqueue(write(number, micros()));
      await wait(gapMs * (0.5 + Math.random()));
    }
  });
}

async function pace({ count, bytes, perSecond }: PaceQuestion): Promise<Taken> {
  const write = orderWriter(bytes);
  const gap = 1_000_000 / perSecond;
  // Whoever is through is forgotten, as in a service: what is kept would have to be copied with every garbage collection.
  const underWay = new Underway();
  return timed(async () => {
    let due = micros();
    for (let number = 0; number < count; number++) {
      while (due > micros()) await wait(1);
      underWay.add(producer.enqueue(write(number, due)));
      due += gap * (0.5 + Math.random());
    }
    await underWay.whenNone();
  });
}

/** Calls that have not been answered. */
class Underway {
  #count = 0;
  #failure: { readonly error: unknown } | undefined;
  #whenNone = (): void => undefined;

  add(call: Promise<unknown>): void {
    this.#count += 1;
    call.then(this.#answered, (error: unknown) => {
      this.#failure ??= { error };
      this.#answered();
    });
  }

  /** Rejects when one of them was refused. */
  async whenNone(): Promise<void> {
    if (this.#count > 0) {
      await new Promise<void>((resolve) => {
        this.#whenNone = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  readonly #answered = (): void => {
    this.#count -= 1;
    if (this.#count === 0) this.#whenNone();
  };
}

async function timed(act: () => Promise<unknown>): Promise<Taken> {
  const startedAt = micros();
  await act();
  return { seconds: (micros() - startedAt) / 1_000_000 };
}

answerProof((question: ProducerQuestion): Promise<Taken> => {
  switch (question.ask) {
    case 'enqueue':
      return enqueue(question);
    case 'one-at-a-time':
      return oneAtATime(question);
    case 'pace':
      return pace(question);
  }
});
