/** What the module exports. Addresses are byte offsets in its memory; nothing is checked here, the host does. */
export { inputAddress, inputBytes, outputAddress, outputBytes, stateBytes, stateCount, statesAddress } from "./layout";
export { searchState } from "./layout";
export { blockSums, strongSum } from "./block-sums";
export { md4Digest, md4Reset, md4Update } from "./md4";
export { messageDigests } from "./message-digest";
export { rollingSum } from "./rolling";
export { search } from "./search";
export { xxh3Digest64, xxh3Digest128, xxh3Reset, xxh3Update } from "./xxh3";
export { xxh64Digest, xxh64Reset, xxh64Update } from "./xxh64";
