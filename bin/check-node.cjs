// Loaded by the launcher before the program: an old Node gets a sentence instead of a syntax error. Plain ES5.
var version = process.versions.node.split(".").map(Number);
if (version[0] < 22 || (version[0] === 22 && version[1] < 15)) {
  process.stderr.write("tsync: needs Node.js 22.15 or newer in PATH, this is " + process.versions.node + "\n");
  process.exit(4);
}
