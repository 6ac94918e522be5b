"""How others hear of a run: notices in groups and mail, the pings of a heartbeat, the word of systemd.

Notices and pings leave from a process of their own (`delivery_process`), which is ended when its time is up:
whatever hangs or fails there, the run has ended as it has ended.
"""
