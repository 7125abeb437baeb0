# The same service and timer as tsync-nightly.service and tsync-nightly.timer, for NixOS: add this file to `imports` in
# configuration.nix and put your own paths in. docs/timers.md explains every line and how tsync gets to /opt/tsync.
{ pkgs, ... }:

let
  tsync = "/opt/tsync/bin/tsync";
  drive = "/mnt/usb";
in
{
  systemd.services.tsync-nightly = {
    description = "Nightly backup with tsync";
    # tsync's launcher takes `node` from PATH.
    path = [ pkgs.nodejs_24 ];
    environment.LC_ALL = "C.UTF-8";
    unitConfig = {
      RequiresMountsFor = drive;
      AssertPathIsMountPoint = drive;
    };
    serviceConfig = {
      Type = "oneshot";
      ExecStart = [
        "${tsync} -aAXv --delete --exclude-from=/etc/tsync/excludes.txt /etc/nixos/ ${drive}/nixos-config/"
        "${tsync} -aAXv /mnt/media/ ${drive}/media/"
      ];
      SuccessExitStatus = 24;
      TimeoutStartSec = "infinity";
      TimeoutStopSec = "60s";
      Nice = 19;
      IOSchedulingClass = "idle";

      NoNewPrivileges = true;
      ProtectSystem = "strict";
      ProtectHome = "read-only";
      ReadWritePaths = drive;
      PrivateNetwork = true;
      ProtectClock = true;
      ProtectControlGroups = true;
      ProtectKernelModules = true;
      ProtectKernelTunables = true;
      LockPersonality = true;
      RestrictRealtime = true;
    };
  };

  systemd.timers.tsync-nightly = {
    description = "Nightly backup with tsync";
    wantedBy = [ "timers.target" ];
    timerConfig = {
      OnCalendar = "*-*-* 02:30:00";
      RandomizedDelaySec = "15min";
      Persistent = true;
    };
  };
}
