/** Waiting for the other end of a transport, but not for ever. */

/** What the promise gives, or undefined when it has not come within so many milliseconds. */
export async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  const value = await Promise.race([promise, late]);
  clearTimeout(timer);
  return value;
}
