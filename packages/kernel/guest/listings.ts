/** What `nft -a -s -t list ruleset` shows of firewalls that were really there, as far as it concerns us. For tests. */

/** ufw 0.36.2 with iptables 1.8.9, Debian 12: enabled, one `ufw route allow`, MASQUERADE in before.rules. */
export const ufw = `table ip filter { # handle 1
	chain ufw-before-forward { # handle 6
		 counter accept # handle 55
		meta l4proto icmp  counter accept # handle 62
		counter jump ufw-user-forward # handle 95
	}

	chain FORWARD { # handle 21
		type filter hook forward priority filter; policy drop;
		counter jump ufw-before-logging-forward # handle 24
		counter jump ufw-before-forward # handle 29
		counter jump ufw-after-forward # handle 32
	}

	chain OUTPUT { # handle 20
		type filter hook output priority filter; policy accept;
	}
}
table ip nat { # handle 2
	chain POSTROUTING { # handle 1
		type nat hook postrouting priority srcnat; policy accept;
		oifname "wan0" ip saddr 192.168.1.0/24 counter  # handle 4
	}
}
table ip6 filter { # handle 3
	chain ufw6-before-forward { # handle 6
	}

	chain FORWARD { # handle 21
		type filter hook forward priority filter; policy drop;
		counter jump ufw6-before-logging-forward # handle 24
	}
}
`;

/** firewalld 1.3.3, Debian 12, in the middle of a reload. */
export const firewalldReloading = `table inet firewalld { # handle 1
	chain mangle_PREROUTING { # handle 1
		type filter hook prerouting priority mangle + 10; policy accept;
		jump mangle_PREROUTING_ZONES # handle 5
	}

	chain filter_FORWARD { # handle 7
		type filter hook forward priority filter + 10; policy accept;
		ct state { established, related } accept # handle 170
		ct status dnat accept # handle 171
		ip6 daddr { ::/96, ::ffff:0.0.0.0/96, 2002::/24, 2002:a00::/24, 2002:7f00::/24, 2002:a9fe::/32,
			    2002:ac10::/28, 2002:c0a8::/32, 2002:e000::/19 } reject with icmpv6 addr-unreachable # handle 176
		jump filter_FORWARD_ZONES # handle 177
		reject with icmpx admin-prohibited # handle 184
	}

	chain filter_FORWARD_ZONES { # handle 178
		iifname "lan0" goto filter_FWD_internal # handle 302
	}
}
table inet firewalld_policy_drop { # handle 2
	chain filter_forward { # handle 2
		type filter hook forward priority filter + 9; policy drop;
		ct state { established, related } accept # handle 5
	}
}
`;

/** dockerd 20.10.24 with iptables 1.8.9, Debian 12: started with its defaults on a machine that passed nothing on. */
export const docker = `table ip nat { # handle 1
	chain DOCKER { # handle 1
		iifname "docker0" counter return # handle 4
	}

	chain POSTROUTING { # handle 2
		type nat hook postrouting priority srcnat; policy accept;
		oifname != "docker0" ip saddr 172.17.0.0/16 counter masquerade # handle 3
	}

	chain PREROUTING { # handle 5
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local counter jump DOCKER # handle 6
	}

	chain OUTPUT { # handle 7
		type nat hook output priority -100; policy accept;
		ip daddr != 127.0.0.0/8 fib daddr type local counter jump DOCKER # handle 8
	}
}
table ip filter { # handle 2
	chain DOCKER { # handle 1
	}

	chain DOCKER-ISOLATION-STAGE-1 { # handle 2
		iifname "docker0" oifname != "docker0" counter jump DOCKER-ISOLATION-STAGE-2 # handle 16
		counter return # handle 4
	}

	chain DOCKER-ISOLATION-STAGE-2 { # handle 3
		oifname "docker0" counter drop # handle 17
		counter return # handle 5
	}

	chain FORWARD { # handle 6
		type filter hook forward priority filter; policy drop;
		counter jump DOCKER-USER # handle 18
		counter jump DOCKER-ISOLATION-STAGE-1 # handle 15
		oifname "docker0" ct state related,established counter accept # handle 14
		oifname "docker0" counter jump DOCKER # handle 13
		iifname "docker0" oifname != "docker0" counter accept # handle 12
		iifname "docker0" oifname "docker0" counter accept # handle 11
	}

	chain DOCKER-USER { # handle 7
		counter return # handle 8
	}
}
`;
