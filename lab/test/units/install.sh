# What packaging/README.md tells to do, all parts on one machine, and what keeps the rest of the machine's own out.
units=/etc/systemd/system
# They would set what the machine outside shares, or look for hardware.
for unit in systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service systemd-udevd.service \
  systemd-udev-trigger.service systemd-remount-fs.service systemd-random-seed.service systemd-update-utmp.service \
  systemd-journal-flush.service systemd-hwdb-update.service systemd-firstboot.service systemd-logind.service \
  systemd-pstore.service systemd-update-done.service systemd-machine-id-commit.service kmod-static-nodes.service \
  ldconfig.service dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
  sys-kernel-config.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount; do
  ln -s /dev/null "$units/$unit"
done
printf '[Unit]\nRequires=basic.target\nAfter=basic.target\n' >"$units/default.target"
printf '[Unit]\nDescription=The lab\n' >"$units/multi-user.target"
mkdir -p "$units/default.target.wants"
ln -s "$units/multi-user.target" "$units/default.target.wants/multi-user.target"

ip link set lo up
for side in wan lan; do
  ip link add "${side}0" type veth peer name "${side}1"
  ip link set "${side}0" up
  ip link set "${side}1" up
done
for last in 1 10 20 21; do ip addr add "203.0.113.$last/24" dev wan0; done
ip addr add 2001:db8:1::10/64 dev wan0 nodad
ip addr add 192.168.1.1/24 dev lan0

cd /opt/sluice/packaging
install -m 755 sluice /usr/local/bin/
install -m 644 systemd/*.service /etc/systemd/system/
install -D -m 644 sysusers.d/sluice.conf /etc/sysusers.d/sluice.conf
install -D -m 644 tmpfiles.d/sluice.conf /etc/tmpfiles.d/sluice.conf
systemd-sysusers
systemd-tmpfiles --create /etc/tmpfiles.d/sluice.conf
install -d -m 755 /etc/sluice
install -m 600 etc/*.json /etc/sluice/

state=/var/lib/sluice
issue() {
  sluice authority issue "self::$1" --role "$2" --name "$4" --authority "$state/configuration/authority" --out "$3"
}
issue configuration-1 configuration-server "$state/configuration/identity" 203.0.113.21
issue gateway-1 gateway "$state/gateway/identity" 203.0.113.1
issue portal-1 portal "$state/portal/identity" 203.0.113.20
issue media-1 media-server "$state/media/identity" 203.0.113.10
issue tv-1 appliance "$state/appliance/identity" 192.168.1.2
for part in configuration gateway portal media appliance; do chown -R "sluice-$part:" "$state/$part"; done
systemctl --quiet enable /etc/systemd/system/sluice-*.service
