/** Events wait for their reader, a slow one is waited for, and nobody waits for a reader who is not there. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { EventQueue } from "../../../src/library/event-queue.ts";
import { limits } from "../../../src/limits.ts";
import type { RunEvent } from "../../../src/sync/events.ts";

const { signal } = new AbortController();

function event(number: number): RunEvent {
  return { type: "delete", path: byteName(String(number)), directory: false };
}

function fill(queue: EventQueue, count: number): void {
  for (let number = 0; number < count; number++) queue.push(event(number));
}

async function all(queue: EventQueue): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const one of queue.read()) events.push(one);
  return events;
}

describe("EventQueue", () => {
  test("hands out what came before and after the reader, in order", async () => {
    const queue = new EventQueue();
    fill(queue, 2);
    const reading = all(queue);
    await Promise.resolve();
    queue.push(event(2));
    queue.end();
    expect(await reading).toEqual([event(0), event(1), event(2)]);
  });

  test("throws what the run failed with, after its events", async () => {
    const queue = new EventQueue();
    fill(queue, 1);
    queue.fail(new Error("broken"));
    const seen: RunEvent[] = [];
    const reading = (async () => {
      for await (const one of queue.read()) seen.push(one);
    })();
    await expect(reading).rejects.toThrow("broken");
    expect(seen).toEqual([event(0)]);
  });

  test("goes on in a second loop where the first was left", async () => {
    const queue = new EventQueue();
    fill(queue, 4);
    queue.end();
    for await (const one of queue.read()) if (one.type === "delete" && one.path === "1") break;
    expect(await all(queue)).toEqual([event(2), event(3)]);
  });

  test("refuses a second loop at the same time", async () => {
    const queue = new EventQueue();
    const first = all(queue);
    await expect(all(queue)).rejects.toMatchObject({ kind: "usage" });
    queue.end();
    expect(await first).toEqual([]);
  });

  test("makes a run wait for a reader who is behind, until he has read or the run is aborted", async () => {
    const queue = new EventQueue();
    const controller = new AbortController();
    const reader = queue.read();
    fill(queue, 1);
    await reader.next();
    fill(queue, limits.eventsUnread);
    expect(queue.room(controller.signal)).toBeUndefined();
    fill(queue, 1);
    const waiting = queue.room(controller.signal);
    let free = false;
    void waiting?.then(() => {
      free = true;
    });
    await Promise.resolve();
    expect(free).toBe(false);
    await reader.next();
    await waiting;
    expect(free).toBe(true);
    fill(queue, limits.eventsUnread + 1);
    const again = queue.room(controller.signal);
    controller.abort();
    await again;
    expect(queue.room(controller.signal)).toBeUndefined();
  });

  test("does not make a run wait where nobody reads any more", async () => {
    const queue = new EventQueue();
    const reader = queue.read();
    fill(queue, 1);
    await reader.next();
    fill(queue, limits.eventsUnread + 1);
    const waiting = queue.room(signal);
    await reader.return();
    await waiting;
    expect(queue.room(signal)).toBeUndefined();
  });

  test("keeps no more than the limit where nobody reads, and says so to who comes too late", async () => {
    const queue = new EventQueue();
    fill(queue, limits.eventsUnread);
    expect(queue.room(signal)).toBeUndefined();
    fill(queue, 1);
    expect(queue.room(signal)).toBeUndefined();
    queue.end();
    await expect(all(queue)).rejects.toMatchObject({ kind: "usage", message: expect.stringContaining("are gone") });
  });
});
