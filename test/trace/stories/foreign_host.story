# A host outside the cluster uses the VIP: every node names it, the one that did not see it too, and the holder announces itself again.
nodes 200 150 100
start A B C
run 8000
announcements A
say it announces itself once, as a host that starts; two nodes see it
stranger 7 A
stranger 7 B
run 6000
announcements A
say it goes on
stranger 7 A
run 500
stranger 7 A
run 500
stranger 7 A
run 500
stranger 7 A
announcements A
holders
say another one beside it has to wait
stranger 8 B
run 90000
say it is gone
holders
----
[    0.393] A vip0 standby -> claiming: nobody held it
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
= A announced 5 times
# it announces itself once, as a host that starts; two nodes see it
[ 8200.000] A vip0 host ..:07: a host outside the cluster uses the address
[ 8200.000] B vip0 host ..:07: a host outside the cluster uses the address
[ 8200.136] C vip0 host ..:07: a host outside the cluster uses the address
= A announced 10 times
# it goes on
= A announced 12 times
= vip0: A
# another one beside it has to wait
[87200.120] A vip0 host ..:07: no host outside the cluster uses the address any more
[95400.050] C vip0 host ..:07: no host outside the cluster uses the address any more
[95400.181] B vip0 host ..:07: no host outside the cluster uses the address any more
# it is gone
= vip0: A
