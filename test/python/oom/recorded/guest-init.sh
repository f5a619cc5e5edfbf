#!/bin/busybox sh
# Process 1 of the guest: kills in every way that the beacon tells apart, then prints the kernel log.
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t cgroup2 none /sys/fs/cgroup
cd /sys/fs/cgroup; echo +memory > cgroup.subtree_control
echo 1 > /proc/sys/kernel/printk; echo 1 > /proc/sys/vm/overcommit_memory
A=5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11
mkdir -p nomad.slice; echo +memory > nomad.slice/cgroup.subtree_control
mkdir -p nomad.slice/share.slice; echo +memory > nomad.slice/share.slice/cgroup.subtree_control
mkdir -p nomad.slice/share.slice/$A.srv.scope system.slice; echo +memory > system.slice/cgroup.subtree_control
mkdir system.slice/caddy.service system.slice/batch.service
T=nomad.slice/share.slice/$A.srv.scope
state() { echo "@@ $1"; grep oom_kill /proc/vmstat; for e in nomad.slice $T system.slice system.slice/caddy.service; do echo "$e $(tr '\n' ' ' < $e/memory.events)"; done; }
echo "@@ uname $(uname -r)"
dmesg -c > /dev/null
state start
echo 20M > $T/memory.max
sh -c "echo \$\$ > $T/cgroup.procs; exec hog 60"
state own_limit
echo 1 > system.slice/caddy.service/memory.oom.group; echo 24M > system.slice/caddy.service/memory.max
sh -c "echo \$\$ > system.slice/caddy.service/cgroup.procs; hog 4 30 & hog 4 30 & sleep 1; exec hog 60"
sleep 2
state group
echo 16M > system.slice/memory.max
sh -c "echo \$\$ > system.slice/batch.service/cgroup.procs; exec hog 40"
echo max > system.slice/memory.max
state parent_limit
cache-leaker 90 20 &
sh -c "echo \$\$ > system.slice/batch.service/cgroup.procs; exec hog 300"
state host_pressure
kill %1 2>/dev/null
i=0; mkdir storm; echo +memory > storm/cgroup.subtree_control
while [ $i -lt 40 ]; do mkdir storm/s$i; echo 2M > storm/s$i/memory.max; i=$((i+1)); done
i=0; while [ $i -lt 40 ]; do sh -c "echo \$\$ > storm/s$i/cgroup.procs; exec hog 8" & i=$((i+1)); done; wait
state storm
echo "storm $(tr '\n' ' ' < storm/memory.events)"
echo "@@ kmsg"; hog kmsg; echo "@@ end"
poweroff -f
