/**
 * The two ends of a TCP connection within this machine. A daemon that a program starts on one of them looks at the address of
 * its peer, for its log and for `hosts allow` (1-session 8.5).
 */
import { connect, createServer, type Socket } from "node:net";

/** Both ends; the one for the program is not read from here. */
export interface LoopbackPair {
  readonly own: Socket;
  readonly program: Socket;
}

/** Connects this process with itself; undefined where there is no loopback device. */
export async function connectLoopback(): Promise<LoopbackPair | undefined> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  try {
    return await new Promise<LoopbackPair>((resolve, reject) => {
      const accepted: Socket[] = [];
      let own: Socket | undefined;
      let isConnected = false;
      const settle = (): void => {
        // Whoever else found the port in between is sent away.
        const program = accepted.find(({ remotePort }) => isConnected && remotePort === own?.localPort);
        if (own === undefined || program === undefined) return;
        for (const socket of accepted) if (socket !== program) socket.destroy();
        resolve({ own, program });
      };
      server.on("error", reject);
      server.on("connection", (socket) => {
        socket.on("error", () => undefined);
        accepted.push(socket);
        settle();
      });
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        if (address === null || typeof address === "string") return reject(new Error("no port"));
        own = connect({ host: "127.0.0.1", port: address.port, allowHalfOpen: true });
        own.once("error", reject);
        own.once("connect", () => {
          isConnected = true;
          settle();
        });
      });
    });
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}
