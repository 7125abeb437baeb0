/** The names that `-C` ignores besides the user's own (2-file-list 1.9, last part). */
import { type ByteName, byteName } from "../bytes/byte-name.ts";

/** Separated by spaces; perishable. */
export const builtInCvsNames: ByteName = byteName(
  "RCS SCCS CVS CVS.adm RCSLOG cvslog.* tags TAGS .make.state .nse_depinfo *~ #* .#* ,* _$* *$ *.old *.bak *.BAK " +
    "*.orig *.rej .del-* *.a *.olb *.o *.obj *.so *.exe *.Z *.elc *.ln core .svn/ .git/ .hg/ .bzr/",
);
