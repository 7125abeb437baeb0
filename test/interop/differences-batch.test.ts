/** Rows of docs/differences.md about batch files. Needs root. */
import { difference } from "../support/difference.ts";

/** A batch that rsync wrote, and a destination in which it can be applied. */
const setup = `mkdir s d e; seq 20000 >s/f; seq 50 >s/g; cp -a s/f d/f; sed -i 5d d/f; touch -d @1500000000 d/f; cp -a d/. e/`;

difference("`--read-batch` of a file that ends too early", {
  setup: `${setup}; rsync -aW --write-batch=b s/ e/; truncate -s 2000 b`,
  run: "-a --read-batch=b d/",
  look: "wc -l <d/f; ls -A d",
  tsync: { status: 12, seen: "19999\nf\n" },
});

difference(
  "`--read-batch` without what this destination needs: files that were not recorded, or a second time for those that do not verify",
  [
    {
      setup: `${setup}; cp -a s/g e/; rsync -a --write-batch=b s/ e/`,
      run: "-a --read-batch=b d/",
      look: "ls d",
      patience: 1,
      rsync: { status: 124 },
      tsync: { status: 23, err: /^\(No batched update for "g"\)\n/, seen: "f\n" },
    },
    {
      setup: `${setup}; rsync -a --no-W --no-i-r --write-batch=b s/ e/; sed -i s/1/7/ d/f; touch -d @1300000000 d/f`,
      run: "-a --no-i-r --read-batch=b d/",
      look: "head -1 d/f",
      rsync: { status: 0, seen: "7\n" },
      tsync: { status: 23, err: /\(No batched update for resend of "f"\)/, seen: "7\n" },
    },
  ],
);

difference("script beside a batch file", {
  setup,
  run: "-a --write-batch=b s/ e/",
  look: "tail -1 b.sh",
  rsync: { status: 0, seen: /^'?rsync'? / },
  tsync: { status: 0, seen: /^'?tsync'? / },
});

difference("`--write-batch` with a checksum or compression that batches cannot have", {
  setup,
  run: "-a --checksum-choice=xxh64 --write-batch=b s/ e/",
  rsync: { status: 12 },
  tsync: { status: 4, err: /checksum-choice/ },
});

difference("`--read-batch` of a compressed file, where a file is there already", {
  setup: `${setup}; sed -e 5d -e 19000d s/f >e/f; touch -d @1500000000 e/f; rsync -az --no-W --zc=zlib --write-batch=b s/ e/; cp -a s/f d/f`,
  run: "-a --read-batch=b d/",
  look: "cmp s/g d/g && cmp s/f d/f && echo same",
  rsync: { status: 12, err: /inflate returned -3/ },
  tsync: { status: 0, seen: "same\n" },
});

difference("`--write-batch` without a destination", {
  setup,
  run: "-a --write-batch=b s/",
  look: "ls",
  rsync: { status: 0, seen: "b\nb.sh\nd\ne\ns\n" },
  tsync: { status: 4, seen: "d\ne\ns\n" },
});

difference("`--only-write-batch` of a pull with `--compress-choice=zlib`, as batches have it", {
  setup: "mkdir s d; seq 30000 >s/f; seq 20000 | sed 5d >d/f",
  run: "-az --no-W --zc=zlib --only-write-batch=b -e $rsh --rsync-path=$p h:$PWD/s/ d/",
  look: "rsync -a --read-batch=b d/ && cmp s/f d/f && echo same",
  rsync: { status: 12, err: /inflate returned -3/ },
  tsync: { status: 0, seen: "same\n" },
});

difference("a batch file that cannot be made, with `--log-file`", {
  setup: `${setup}; chown 65534 e; chown 0 .; chmod 755 .`,
  run: "-a --log-file=e/log --only-write-batch=b s/ d/",
  look: "cat e/log",
  nobody: true,
  rsync: { status: 3, seen: /Batch file "\S+b\.sh" open error/ },
  tsync: { status: 3, err: /Batch file "\S+b\.sh" open error/, seen: /^((?!open error).)*\(code 3\)/s },
});
