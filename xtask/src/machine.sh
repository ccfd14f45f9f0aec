#!/bin/busybox sh
# The first process of a virtual machine: gives a control group away as systemd does to a service with `Delegate=yes`, and
# runs in it what stands in /bin. How each program ended goes to the second serial line.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t cgroup2 cgroup /sys/fs/cgroup
ip link set lo up
echo "Linux $(uname -r), with $(cat /sys/fs/cgroup/cgroup.controllers) in cgroup v2"
slice=/sys/fs/cgroup/system.slice
mkdir $slice
for group in /sys/fs/cgroup $slice; do echo "+memory +pids +cpu" > $group/cgroup.subtree_control; done
mkdir $slice/gantryd.service
setfattr -n trusted.delegate -v 1 $slice/gantryd.service
echo $$ > $slice/gantryd.service/cgroup.procs
confine
echo "confine $?" > /dev/ttyS1
grouped --test-threads 1
echo "grouped $?" > /dev/ttyS1
poweroff -f
