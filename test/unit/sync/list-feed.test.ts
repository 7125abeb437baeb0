/** The hand-over of the scan to a worker thread: no list may be lost, and the end of a worker must be noticed. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import type { FilterProgram } from "../../../src/filter/compile-filters.ts";
import type { BuilderContext } from "../../../src/sync/builder-context.ts";
import type { FileList } from "../../../src/sync/file-list.ts";
import type { ListBuilder } from "../../../src/sync/list-builder.ts";
import { ListFeed } from "../../../src/sync/list-feed.ts";
import { packList } from "../../../src/sync/packed-list.ts";
import type { ScanOrder } from "../../../src/sync/scan-order.ts";
import type { WorkerPool } from "../../../src/sync/worker-pool.ts";
import { makeFileEntry } from "../../support/file-entry.ts";

const entriesEach = 5000;

function listOf(index: number, last: boolean): FileList {
  const path = byteName(`d${index}`);
  const entries = Array.from({ length: entriesEach }, (_, number) =>
    makeFileEntry(`${path}/f${number}`, { size: number, mtime: index, mtimeNanoseconds: 5, uid: 1, gid: 2 }),
  );
  return { owner: undefined, path, entries, duplicates: [], ioError: 0, events: [], last };
}

/** What lists without digests have. */
const attributes = { isDigested: true, digestRest: () => [][Symbol.iterator]() };

/** A feed whose worker does `work`; the main thread scans the first list. */
function feedWith(work: (order: ScanOrder) => Promise<void>): ListFeed {
  const builder = {
    next: () => listOf(0, false),
    snapshot: () => ({}),
    estimate: { total: undefined },
    times: { isOpen: false },
    attributes,
  } as unknown as ListBuilder;
  const context = {
    options: { incrementalRecursion: true },
    umask: 0,
    roots: { roots: [] },
  } as unknown as BuilderContext;
  const pool = {
    scan: work,
    pays: () => true,
    warm: () => {},
    isUp: true,
    taken: () => {},
    release: () => {},
  } as unknown as WorkerPool;
  return new ListFeed(builder, context, {} as unknown as FilterProgram, pool, (list) => list);
}

async function takeAll(feed: ListFeed): Promise<string[]> {
  const paths: string[] = [];
  for (;;) {
    await feed.fill(1000);
    const list = feed.take();
    if (list === undefined) return paths;
    paths.push(list.path);
  }
}

describe("ListFeed", () => {
  test("keeps lists that arrive after the scan is said to be over", async () => {
    const feed = feedWith((order) => {
      for (let index = 1; index <= 5; index++) order.port.postMessage([packList(listOf(index, index === 5))]);
      order.port.postMessage([]);
      order.port.close();
      return Promise.resolve();
    });
    expect(await takeAll(feed)).toEqual(["d0", "d1", "d2", "d3", "d4", "d5"]);
    expect(feed.allArrived).toBe(true);
  });

  test("scans ahead while a worker starts, and lets lists arrive when they are wanted", async () => {
    const arrived: string[] = [];
    let made = 0;
    let handedOver = -1;
    const small = (index: number) => ({
      ...listOf(index, index === 99),
      entries: listOf(index, false).entries.slice(0, 99),
    });
    const builder = {
      next: () => small(made++),
      estimate: { total: undefined },
      times: { isOpen: false },
      attributes,
      snapshot() {
        handedOver = made;
        return {};
      },
    } as unknown as ListBuilder;
    const context = { options: { incrementalRecursion: true }, umask: 0, roots: { roots: [] } };
    let isUp = false;
    const pool = {
      scan(order: ScanOrder) {
        for (let index = handedOver; index < 100; index++) order.port.postMessage([packList(small(index))]);
        order.port.postMessage([]);
        order.port.close();
        return Promise.resolve();
      },
      pays: (_: string, entries: number) => entries >= 2500,
      warm: () => {},
      release: () => {},
      get isUp() {
        return isUp;
      },
      taken: () => {},
    } as unknown as WorkerPool;
    const feed = new ListFeed(
      builder,
      context as unknown as BuilderContext,
      {} as unknown as FilterProgram,
      pool,
      (list) => {
        arrived.push(list.path);
        return list;
      },
    );
    const paths: string[] = [];
    for (;;) {
      const waiting = feed.fill(1000);
      if (waiting !== undefined) await waiting;
      // No list arrives before it is wanted, however many were made.
      expect(arrived.length - paths.length).toBeLessThanOrEqual(10);
      const list = feed.take();
      if (list === undefined) break;
      paths.push(list.path);
      if (paths.length === 40) {
        expect(made).toBe(49 + 15);
        isUp = true;
      }
    }
    const expected = Array.from({ length: 100 }, (_, index) => `d${index}`);
    expect({ paths, arrived, handedOver }).toEqual({ paths: expected, arrived: expected, handedOver: 64 });
  });

  test("starts a worker for a large tree at once, for what it has most of", () => {
    for (const [total, duty, isFull, expected, isOpen = false] of [
      [3000, "scan", false, []],
      [5000, "scan", false, ["scan"]],
      [5000, "copy", false, ["copy", "scan"]],
      [5000, "copy", true, ["copy"]],
      // Beside a thread that copies another one must pay.
      [5000, "scan", true, []],
      [50_000, "scan", true, ["scan"]],
      // What was listed may still change.
      [50_000, "scan", false, [], true],
    ] as const) {
      const started = new Set<string>();
      const list = { ...listOf(0, false), entries: listOf(0, false).entries.slice(0, 99) };
      const parts = { estimate: { total }, times: { isOpen }, attributes };
      const builder = { next: () => list, ...parts } as unknown as ListBuilder;
      const context = { options: { incrementalRecursion: true } } as unknown as BuilderContext;
      const pays = (_: string, entries: number) => entries > 4000;
      const pool = {
        pays,
        warm: (worker: string) => started.add(worker),
        isUp: false,
        isFull,
      } as unknown as WorkerPool;
      const feed = new ListFeed(builder, context, {} as unknown as FilterProgram, pool, (one) => one);
      feed.firstDuty = duty;
      void feed.fill(300);
      expect([...started]).toEqual([]);
      void feed.fill(1000);
      expect([...started]).toEqual(expected);
    }
  });

  test("gives a list when its digests are made, which a run that is stopped does not wait for", async () => {
    let left = 0;
    let isAborted = false;
    let made = 0;
    const builder = {
      next() {
        left = made === 1 ? 5 : 0;
        return listOf(made, made++ === 2);
      },
      estimate: { total: undefined },
      times: { isOpen: true },
      attributes: {
        get isDigested() {
          return left === 0;
        },
        *digestRest() {
          while (left > 0) yield void left--;
        },
      },
    } as unknown as ListBuilder;
    const context = { options: { incrementalRecursion: true } } as unknown as BuilderContext;
    const pool = {
      get isAborted() {
        return isAborted;
      },
    } as unknown as WorkerPool;
    const seen: [string, number][] = [];
    const make = () =>
      new ListFeed(builder, context, {} as unknown as FilterProgram, pool, (list) => {
        seen.push([list.path, left]);
        return list;
      });
    expect(await takeAll(make())).toEqual(["d0", "d1", "d2"]);
    expect(seen).toEqual([
      ["d0", 0],
      ["d1", 0],
      ["d2", 0],
    ]);
    made = 1;
    isAborted = true;
    await expect(takeAll(make())).rejects.toThrow();
    expect(left).toBe(4);
  });

  test("ends with an error when the worker stops before the last list", async () => {
    const feed = feedWith((order) => {
      // A real worker closes its port no sooner than it gets another task.
      order.port.postMessage([packList(listOf(1, false))]);
      order.port.postMessage([]);
      return Promise.resolve();
    });
    await expect(takeAll(feed)).rejects.toMatchObject({ kind: "signal" });
  });

  test("ends with the error of a worker that failed", async () => {
    const feed = feedWith(() => Promise.reject(new Error("broken")));
    await expect(takeAll(feed)).rejects.toThrow("broken");
  });
});
