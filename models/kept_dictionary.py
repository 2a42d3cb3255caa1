"""What most inspect answers contain, in the engine's order: the dictionary that kept bodies are deflated with.

It only affects the size: a body that is unlike it takes more room. It may be changed at any time, because nothing that
was compressed with it outlives the process.
"""

from __future__ import annotations

_STATE = (
    '{"Id":"","Created":"2025-01-01T00:00:00.000000000Z",'
    '"Path":"/docker-entrypoint.sh","Args":["nginx","-g","daemon off;"],"State":{"Status":"running","Running":true,'
    '"Paused":false,"Restarting":false,"OOMKilled":false,"Dead":false,"Pid":12345,"ExitCode":0,"Error":"",'
    '"StartedAt":"2025-01-01T00:00:00.000000000Z","FinishedAt":"0001-01-01T00:00:00Z","Health":{"Status":"healthy",'
    '"FailingStreak":0,"Log":[{"Start":"2025-01-01T00:00:00.000000000+00:00","End":"2025-01-01T00:00:00.000000000Z",'
    '"ExitCode":0,"Output":""}]}},"Image":"sha256:","ResolvConfPath":"/var/lib/docker/containers//resolv.conf",'
    '"HostnamePath":"/var/lib/docker/containers//hostname","HostsPath":"/var/lib/docker/containers//hosts",'
    '"LogPath":"/var/lib/docker/containers/-json.log","Name":"/","RestartCount":0,"Driver":"overlay2",'
    '"Platform":"linux","ImageManifestDescriptor":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":'
    '"sha256:","size":1000,"platform":{"architecture":"amd64","os":"linux"}},"MountLabel":"","ProcessLabel":"",'
    '"AppArmorProfile":"docker-default","ExecIDs":null,'
)
_HOST_CONFIG = (
    '"HostConfig":{"Binds":null,"ContainerIDFile":"","LogConfig":{"Type":"json-file","Config":{"max-file":"3",'
    '"max-size":"10m"}},"NetworkMode":"default","PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"8080"}]},'
    '"RestartPolicy":{"Name":"unless-stopped","MaximumRetryCount":0},"AutoRemove":false,"VolumeDriver":"",'
    '"VolumesFrom":null,"ConsoleSize":[0,0],"CapAdd":null,"CapDrop":null,"CgroupnsMode":"private","Dns":[],'
    '"DnsOptions":[],"DnsSearch":[],"ExtraHosts":null,"GroupAdd":null,"IpcMode":"private","Cgroup":"","Links":null,'
    '"OomScoreAdj":0,"PidMode":"","Privileged":false,"PublishAllPorts":false,"ReadonlyRootfs":false,'
    '"SecurityOpt":null,"UTSMode":"","UsernsMode":"","ShmSize":67108864,"Runtime":"runc","ConsoleSize":[0,0],'
    '"Isolation":"","CpuShares":0,"Memory":0,"NanoCpus":0,"CgroupParent":"","BlkioWeight":0,"BlkioWeightDevice":[],'
    '"BlkioDeviceReadBps":null,"BlkioDeviceWriteBps":null,"BlkioDeviceReadIOps":null,"BlkioDeviceWriteIOps":null,'
    '"CpuPeriod":0,"CpuQuota":0,"CpuRealtimePeriod":0,"CpuRealtimeRuntime":0,"CpusetCpus":"","CpusetMems":"",'
    '"Devices":[],"DeviceCgroupRules":null,"DeviceRequests":null,"KernelMemory":0,"KernelMemoryTCP":0,'
    '"MemoryReservation":0,"MemorySwap":0,"MemorySwappiness":null,"OomKillDisable":false,"PidsLimit":null,'
    '"Ulimits":null,"CpuCount":0,"CpuPercent":0,"IOMaximumIOps":0,"IOMaximumBandwidth":0,"MaskedPaths":['
    '"/proc/asound","/proc/acpi","/proc/interrupts","/proc/kcore","/proc/keys","/proc/latency_stats",'
    '"/proc/timer_list","/proc/timer_stats","/proc/sched_debug","/proc/scsi","/sys/firmware",'
    '"/sys/devices/virtual/powercap"],"ReadonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys",'
    '"/proc/sysrq-trigger"]},'
)
_GRAPH_AND_MOUNTS = (
    '"Storage":{"RootFS":{"Snapshot":{"Name":"overlayfs"}}},"GraphDriver":{"Data":{"ID":"","LowerDir":'
    '"/var/lib/docker/overlay2/-init/diff:/var/lib/docker/overlay2/","MergedDir":"/var/lib/docker/overlay2//merged",'
    '"UpperDir":"/var/lib/docker/overlay2//diff","WorkDir":"/var/lib/docker/overlay2//work"},"Name":"overlay2"},'
    '"Mounts":[{"Type":"volume","Name":"","Source":"/var/lib/docker/volumes//_data","Destination":"/data",'
    '"Driver":"local","Mode":"rw","RW":true,"Propagation":""},{"Type":"bind","Source":"/srv/","Destination":"/",'
    '"Mode":"ro","RW":false,"Propagation":"rprivate"}],'
)
_CONFIG = (
    '"Config":{"Hostname":"","Domainname":"","User":"","AttachStdin":false,"AttachStdout":true,"AttachStderr":true,'
    '"ExposedPorts":{"443/tcp":{},"80/tcp":{},"8080/tcp":{}},"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":['
    '"VIRTUAL_HOST=","VIRTUAL_PORT=","PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":['
    '"nginx","-g","daemon off;"],"Healthcheck":{"Test":["CMD-SHELL","curl -f http://localhost/ || exit 1"],"Interval":'
    '30000000000,"Timeout":5000000000,"Retries":3},"Image":"","Volumes":null,"WorkingDir":"/","Entrypoint":['
    '"/docker-entrypoint.sh"],"NetworkDisabled":false,"MacAddress":"","OnBuild":null,"Labels":{'
    '"com.docker.compose.config-hash":"","com.docker.compose.container-number":"1","com.docker.compose.depends_on":"",'
    '"com.docker.compose.image":"sha256:","com.docker.compose.oneoff":"False","com.docker.compose.project":"",'
    '"com.docker.compose.project.config_files":"/docker-compose.yml","com.docker.compose.project.working_dir":"/",'
    '"com.docker.compose.service":"","com.docker.compose.version":"2.26.1","com.docker.stack.namespace":"",'
    '"com.docker.swarm.node.id":"","com.docker.swarm.service.id":"","com.docker.swarm.service.name":"",'
    '"com.docker.swarm.task":"","com.docker.swarm.task.id":"","com.docker.swarm.task.name":"",'
    '"maintainer":"NGINX Docker Maintainers <docker-maint@nginx.com>","org.opencontainers.image.source":"https://",'
    '"org.opencontainers.image.version":"1.0"},"StopSignal":"SIGQUIT","StopTimeout":10},'
)
_NETWORK_SETTINGS = (
    '"NetworkSettings":{"Bridge":"","SandboxID":"","SandboxKey":"/var/run/docker/netns/","HairpinMode":false,'
    '"LinkLocalIPv6Address":"","LinkLocalIPv6PrefixLen":0,"Ports":{"443/tcp":null,"80/tcp":[{"HostIp":"0.0.0.0",'
    '"HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}]},"SandboxKey":"/var/run/docker/netns/",'
    '"SecondaryIPAddresses":null,"SecondaryIPv6Addresses":null,"EndpointID":"","Gateway":"172.17.0.1",'
    '"GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"IPAddress":"172.17.0.2","IPPrefixLen":16,"IPv6Gateway":"",'
    '"MacAddress":"02:42:ac:11:00:02","Networks":{"bridge":{"IPAMConfig":null,"Links":null,"Aliases":null,'
    '"MacAddress":"02:42:ac:12:00:02","DriverOpts":null,"GwPriority":0,"NetworkID":"","EndpointID":"","Gateway":'
    '"172.18.0.1","IPAddress":"172.18.0.2","IPPrefixLen":16,"IPv6Gateway":"","GlobalIPv6Address":"",'
    '"GlobalIPv6PrefixLen":0,"DNSNames":["",""]},"_default":{"IPAMConfig":{},"Links":null,"Aliases":["",""],'
    '"NetworkID":"","EndpointID":"","Gateway":"172.19.0.1","IPAddress":"172.19.0.2","IPPrefixLen":16,'
    '"IPv6Gateway":"","GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"MacAddress":"02:42:ac:13:00:02",'
    '"DriverOpts":null}}}}'
)

COMMON = (_STATE + _HOST_CONFIG + _GRAPH_AND_MOUNTS + _CONFIG + _NETWORK_SETTINGS).encode()
