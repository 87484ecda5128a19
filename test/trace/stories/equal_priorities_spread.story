# Eight VIPs, equal priorities: they spread; a death moves only those of the dead node.
nodes 100 100 100
vips 8
start A B C
run 3000
holders
crash A
run 1000
holders
----
[    0.393] A vip2 standby -> claiming: nobody held it
[    0.393] A vip4 standby -> claiming: nobody held it
[    0.393] A vip6 standby -> claiming: nobody held it
[    0.393] A vip7 standby -> claiming: nobody held it
[    0.396] B vip0 standby -> claiming: nobody held it
[    0.396] B vip3 standby -> claiming: nobody held it
[    0.457] C vip1 standby -> claiming: nobody held it
[    0.457] C vip5 standby -> claiming: nobody held it
[  150.493] A vip2 claiming -> holding: nobody held it
[  150.493] A vip2 holder - -> A: nobody held it
[  150.496] B vip0 claiming -> holding: nobody held it
[  150.496] B vip0 holder - -> B: nobody held it
[  150.557] C vip1 claiming -> holding: nobody held it
[  150.557] C vip1 holder - -> C: nobody held it
[  150.587] B vip2 holder - -> A: heard from it
[  150.593] A vip4 claiming -> holding: nobody held it
[  150.593] A vip4 holder - -> A: nobody held it
[  150.596] B vip3 claiming -> holding: nobody held it
[  150.596] B vip3 holder - -> B: nobody held it
[  150.657] C vip5 claiming -> holding: nobody held it
[  150.657] C vip5 holder - -> C: nobody held it
[  150.693] A vip6 claiming -> holding: nobody held it
[  150.693] A vip6 holder - -> A: nobody held it
[  150.711] C vip2 holder - -> A: heard from it
[  150.741] A vip1 holder - -> C: heard from it
[  150.741] A vip5 holder - -> C: heard from it
[  150.766] B vip1 holder - -> C: heard from it
[  150.766] B vip5 holder - -> C: heard from it
[  150.793] A vip7 claiming -> holding: nobody held it
[  150.793] A vip7 holder - -> A: nobody held it
[  150.801] A vip0 holder - -> B: heard from it
[  150.845] C vip0 holder - -> B: heard from it
[  150.849] A vip3 holder - -> B: heard from it
[  150.854] C vip3 holder - -> B: heard from it
[  150.859] B vip4 holder - -> A: heard from it
[  150.879] B vip6 holder - -> A: heard from it
[  150.911] C vip4 holder - -> A: heard from it
[  150.930] B vip7 holder - -> A: heard from it
[  150.938] C vip6 holder - -> A: heard from it
[  151.114] C vip7 holder - -> A: heard from it
= vip0: B
= vip1: C
= vip2: A
= vip3: B
= vip4: A
= vip5: C
= vip6: A
= vip7: A
[ 3150.934] B vip2 standby -> claiming (A): its holder died
[ 3150.934] B vip4 standby -> claiming (A): its holder died
[ 3150.934] B vip6 standby -> claiming (A): its holder died
[ 3150.934] B vip7 standby -> claiming (A): its holder died
[ 3151.034] B vip2 claiming -> holding (A): its holder died
[ 3151.034] B vip2 holder A -> B: its holder died
[ 3151.124] C vip2 holder A -> B: its holder died
[ 3151.134] B vip4 claiming -> holding (A): its holder died
[ 3151.134] B vip4 holder A -> B: its holder died
[ 3151.234] B vip6 claiming -> holding (A): its holder died
[ 3151.234] B vip6 holder A -> B: its holder died
[ 3151.285] C vip4 holder A -> B: its holder died
[ 3151.285] C vip6 holder A -> B: its holder died
[ 3151.334] B vip7 claiming -> holding (A): its holder died
[ 3151.334] B vip7 holder A -> B: its holder died
[ 3151.586] C vip7 holder A -> B: its holder died
= vip0: B
= vip1: C
= vip2: B
= vip3: B
= vip4: B
= vip5: C
= vip6: B
= vip7: B
