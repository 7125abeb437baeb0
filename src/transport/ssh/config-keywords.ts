/**
 * Which keywords of ssh_config the built-in ssh honours, which mean nothing to it, and which it refuses because a connection without them
 * would not be the one that was meant. A keyword in none of these lists is refused like an unknown one.
 */

/** Honoured, with the first value that is found. */
export const honoured: ReadonlySet<string> = words(`
  hostname port user identitiesonly identityagent userknownhostsfile globalknownhostsfile hostkeyalias stricthostkeychecking
  connecttimeout serveraliveinterval serveralivecountmax addressfamily bindaddress batchmode hashknownhosts
  preferredauthentications
`);

/** Honoured, with every value that is found. */
export const gathered: ReadonlySet<string> = words("identityfile sendenv setenv");

/**
 * Without effect on a transfer: other ways to log in (keys are the only one here), forwarding, terminals, connections that are shared, how
 * much is logged, how fast it goes.
 */
export const withoutEffect: ReadonlySet<string> = words(`
  addkeystoagent canonicaldomains canonicalizefallbacklocal canonicalizemaxdots canonicalizepermittedcnames
  challengeresponseauthentication checkhostip clearallforwardings compression compressionlevel connectionattempts controlmaster
  controlpath controlpersist dynamicforward enableescapecommandline enablesshkeysign escapechar exitonforwardfailure
  fingerprinthash forwardagent forwardx11 forwardx11timeout forwardx11trusted gatewayports gssapiauthentication
  gssapiclientidentity gssapidelegatecredentials gssapikeyexchange gssapirenewalforcesrekey gssapiserveridentity gssapitrustdns
  hostbasedacceptedalgorithms hostbasedauthentication hostbasedkeytypes ipqos kbdinteractiveauthentication kbdinteractivedevices
  localcommand localforward loglevel logverbose nohostauthenticationforlocalhost numberofpasswordprompts
  obscurekeystroketiming passwordauthentication permitremoteopen remoteforward requesttty securitykeyprovider
  streamlocalbindmask streamlocalbindunlink syslogfacility tag tcpkeepalive tunnel tunneldevice updatehostkeys verifyhostkeydns
  visualhostkey xauthlocation
`);

/** Refused, unless the value is the one given here, which is what happens anyway. */
export const refusedUnless: ReadonlyMap<string, string> = new Map([
  ["bindinterface", ""],
  ["canonicalizehostname", "no"],
  ["casignaturealgorithms", ""],
  ["certificatefile", "none"],
  ["ciphers", ""],
  ["forkafterauthentication", "no"],
  ["hostkeyalgorithms", ""],
  ["kexalgorithms", ""],
  ["knownhostscommand", "none"],
  ["macs", ""],
  ["permitlocalcommand", "no"],
  ["pkcs11provider", "none"],
  ["proxycommand", "none"],
  ["proxyjump", "none"],
  ["proxyusefdpass", "no"],
  ["pubkeyacceptedalgorithms", ""],
  ["pubkeyacceptedkeytypes", ""],
  ["pubkeyauthentication", "yes"],
  ["rekeylimit", "default none"],
  ["remotecommand", "none"],
  ["requiredrsasize", ""],
  ["revokedhostkeys", "none"],
  ["sessiontype", "default"],
  ["stdinnull", "no"],
]);

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
