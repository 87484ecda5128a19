# A node that hears no peer, as with a wrong key, asks the wire: somebody answers for the VIP, so it does not claim.
nodes 200 150
start
foreign answers
start B
run 5000
holders
foreign silent
run 2000
holders
----
[  200.000] B vip0 standby -> claiming: nobody held it
[  200.100] B vip0 claiming -> fault: somebody answers for the address and this node hears none of its peers
[  400.100] B vip0 host ..:00: a host outside the cluster uses the address
= vip0:
[ 5550.100] B vip0 fault -> standby: trying again after a fault
[ 5550.100] B vip0 standby -> claiming: nobody held it
[ 5700.200] B vip0 claiming -> holding: nobody held it
[ 5700.200] B vip0 holder - -> B: nobody held it
= vip0: B
