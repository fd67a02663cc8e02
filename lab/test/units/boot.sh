# Boots systemd as the first process of its own namespaces, over a copy of this machine's root that writes go nowhere of.
# boot.sh CHECKOUT DIRECTORY: the checkout appears as /opt/sluice; DIRECTORY is empty and is mounted over.
set -eu
checkout=$1 place=$2
mount -t tmpfs none "$place"
mkdir "$place/upper" "$place/work" "$place/root"
root=$place/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$place/upper,workdir=$place/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 none "$root/run"
mount -t tmpfs -o mode=1777 none "$root/tmp"
mount -t tmpfs -o mode=755 none "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mkdir -p "$root/opt/sluice" "$root/old"
mount --bind -o ro "$checkout" "$root/opt/sluice"
rm -rf "$root/etc/systemd/system" "$root/etc/sluice" "$root/var/lib/sluice" "$root/var/cache/sluice"
mkdir -p "$root/etc/systemd/system"
cd "$root"
pivot_root . old
cd /
umount -l /old
# As a machine has it; credentials get to units by it.
mount --make-rshared /
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
sh -eu /opt/sluice/lab/test/units/install.sh
exec env -i container=lab "PATH=$PATH" /lib/systemd/systemd --system --log-target=console --show-status=no
