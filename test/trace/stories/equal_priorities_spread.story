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
[    0.309] B vip4 standby -> claiming: nobody held it
[    0.409] B vip4 claiming -> holding: nobody held it
[    0.409] B vip4 holder - -> B: nobody held it
[    0.454] A vip0 standby -> claiming: nobody held it
[    0.454] A vip2 standby -> claiming: nobody held it
[    0.454] A vip6 standby -> claiming: nobody held it
[    0.487] C vip1 standby -> claiming: nobody held it
[    0.487] C vip3 standby -> claiming: nobody held it
[    0.487] C vip5 standby -> claiming: nobody held it
[    0.487] C vip7 standby -> claiming: nobody held it
[    0.554] A vip0 claiming -> holding: nobody held it
[    0.554] A vip0 holder - -> A: nobody held it
[    0.554] A vip2 claiming -> holding: nobody held it
[    0.554] A vip2 holder - -> A: nobody held it
[    0.554] A vip6 claiming -> holding: nobody held it
[    0.554] A vip6 holder - -> A: nobody held it
[    0.587] C vip1 claiming -> holding: nobody held it
[    0.587] C vip1 holder - -> C: nobody held it
[    0.587] C vip3 claiming -> holding: nobody held it
[    0.587] C vip3 holder - -> C: nobody held it
[    0.587] C vip5 claiming -> holding: nobody held it
[    0.587] C vip5 holder - -> C: nobody held it
[    0.587] C vip7 claiming -> holding: nobody held it
[    0.587] C vip7 holder - -> C: nobody held it
[    0.638] C vip4 holder - -> B: heard from it
[    0.671] A vip1 holder - -> C: heard from it
[    0.681] B vip1 holder - -> C: heard from it
[    0.681] B vip3 holder - -> C: heard from it
[    0.681] B vip5 holder - -> C: heard from it
[    0.681] B vip7 holder - -> C: heard from it
[    0.714] B vip0 holder - -> A: heard from it
[    0.732] A vip4 holder - -> B: heard from it
[    0.772] C vip0 holder - -> A: heard from it
[    0.794] C vip2 holder - -> A: heard from it
[    0.807] C vip6 holder - -> A: heard from it
[    0.811] A vip3 holder - -> C: heard from it
[    0.820] B vip2 holder - -> A: heard from it
[    0.820] B vip6 holder - -> A: heard from it
[    0.894] A vip5 holder - -> C: heard from it
[    0.894] A vip7 holder - -> C: heard from it
= vip0: A
= vip1: C
= vip2: A
= vip3: C
= vip4: B
= vip5: C
= vip6: A
= vip7: C
[ 3100.830] B vip6 standby -> claiming (A): its holder died
[ 3100.846] C vip0 standby -> claiming (A): its holder died
[ 3100.846] C vip2 standby -> claiming (A): its holder died
[ 3100.930] B vip6 claiming -> holding (A): its holder died
[ 3100.930] B vip6 holder A -> B: its holder died
[ 3100.946] C vip0 claiming -> holding (A): its holder died
[ 3100.946] C vip0 holder A -> C: its holder died
[ 3100.946] C vip2 claiming -> holding (A): its holder died
[ 3100.946] C vip2 holder A -> C: its holder died
[ 3101.095] C vip6 holder A -> B: its holder died
[ 3101.140] B vip0 holder A -> C: its holder died
[ 3101.140] B vip2 holder A -> C: its holder died
= vip0: C
= vip1: C
= vip2: C
= vip3: C
= vip4: B
= vip5: C
= vip6: B
= vip7: C
