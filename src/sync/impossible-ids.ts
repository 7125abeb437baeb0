/** The id that no object can have: to the system it means that the owner or group stays as it is (`--usermap=0:4294967295`). */

/** -1 in 32 bits. */
export const noId = 0xffffffff;

/** What is said of such ids of the object that is shown so; without them nothing. */
export function impossibleIds(uid: number, gid: number, shown: string): string[] {
  const words = [...(uid === noId ? ["uid"] : []), ...(gid === noId ? ["gid"] : [])];
  return words.map((word) => `${word} ${noId} (-1) is impossible to set on "${shown}"`);
}
