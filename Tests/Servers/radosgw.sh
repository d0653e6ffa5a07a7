#!/usr/bin/env bash
# Runs a Ceph cluster of one monitor, one store in memory and one S3 gateway, as root, until it is killed:
# radosgw.sh FOLDER GATEWAY_PORT MONITOR_PORT ACCESS_KEY SECRET_KEY
set -euo pipefail

folder=$1 gateway_port=$2 monitor_port=$3 access_key=$4 secret_key=$5
monitor="v1:127.0.0.1:$monitor_port"
cluster=$(</proc/sys/kernel/random/uuid)
store=$(</proc/sys/kernel/random/uuid)
as_root=(--setuser root --setgroup root)

mkdir -p "$folder"/{monitor,store,log,run}
export CEPH_CONF=$folder/ceph.conf

# One copy of everything, no authentication inside the cluster, and alarms about little disk space late:
# the disk holds logs only.
cat >"$CEPH_CONF" <<END
[global]
fsid = $cluster
mon_host = $monitor
public_network = 127.0.0.0/8
public_addr = 127.0.0.1
ms_bind_msgr2 = false
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 1000
mon_data_avail_crit = 1
mon_data_avail_warn = 2
osd_objectstore = memstore
memstore_device_bytes = 4294967296
osd_class_update_on_start = false
# Set below: a store that asks for its place itself ends when it is refused.
osd_crush_update_on_start = false
# A name may be 1024 bytes long; the gateway adds its own to it.
osd_max_object_name_len = 2048
osd_max_object_namespace_len = 256
mon_data = $folder/monitor
osd_data = $folder/store
run_dir = $folder/run
admin_socket = $folder/run/\$name.asok
pid_file = $folder/run/\$name.pid
log_file = $folder/log/\$name.log

[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:$gateway_port
END

# Each daemon dies with this script, which dies with whoever started it.
daemon() { setpriv --pdeathsig KILL "$@" -f "${as_root[@]}" & }

# One command to the cluster. Whoever asks before it has been told which cluster it is in is refused ("wrong
# fsid"); how often that happens is a matter of milliseconds.
tell_cluster() {
    for _ in {1..10}; do
        ceph "$@" && return
    done
    return 1
}

monmaptool --create --fsid "$cluster" --addv a "[$monitor]" "$folder/monmap"
ceph-mon -i a --mkfs --monmap "$folder/monmap" "${as_root[@]}"
daemon ceph-mon -i a
tell_cluster osd create "$store"
tell_cluster osd crush add osd.0 1 root=default
ceph-osd -i 0 --mkfs --osd-uuid "$store" "${as_root[@]}"
daemon ceph-osd -i 0
# Before the gateway: both make what is missing on their first run, and must not do so at the same time.
radosgw-admin -n client.rgw user create --uid=test --display-name=test \
    --access-key="$access_key" --secret-key="$secret_key" >"$folder/user.json" &
first_user=$!
# Without a daemon that has ended, this would wait for ever.
wait -n -p ended
[[ $ended == "$first_user" ]]
daemon radosgw -n client.rgw
wait -n
exit 1
