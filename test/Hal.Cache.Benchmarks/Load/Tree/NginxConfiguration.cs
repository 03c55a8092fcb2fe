using System.Globalization;
using Hal.Cache.Benchmarks.Servers;

namespace Hal.Cache.Benchmarks.Load.Tree;

/// <summary>Writes nginx's configuration: everything it makes is in one folder.</summary>
internal static class NginxConfiguration
{
    /// <summary>The origin's log: the bytes of each reply's body, a line each.</summary>
    public const string LogFile = "bytes.log";

    private const string CacheSize = "12g";

    public static LaunchPlan Origin(int port, string folder, string files) => Launch(folder, $$"""
            log_format bytes '$body_bytes_sent';
            server {
                listen 127.0.0.1:{{Number(port)}};
                root "{{files}}";
                access_log "{{folder}}/{{LogFile}}" bytes;
            }
        """);

    public static LaunchPlan Proxy(int port, int upstream, string folder) => Launch(folder, $$"""
            access_log off;
            proxy_cache_path "{{folder}}/cache" levels=1:2 keys_zone=objects:16m max_size={{CacheSize}} inactive=1h use_temp_path=off;
            upstream above { server 127.0.0.1:{{Number(upstream)}}; keepalive 32; }
            server {
                listen 127.0.0.1:{{Number(port)}};
                location / {
                    proxy_pass http://above;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                    proxy_cache objects;
                    proxy_cache_valid 200 1h;
                    proxy_cache_lock on;
                    proxy_cache_lock_timeout 60s;
                    proxy_cache_lock_age 60s;
                }
            }
        """);

    private static LaunchPlan Launch(string folder, string http)
    {
        var file = Path.Combine(folder, "nginx.conf");
        File.WriteAllText(file, $$"""
            {{(Environment.UserName == "root" ? "user root;" : "")}}
            daemon off;
            pid "{{folder}}/pid";
            error_log "{{folder}}/error.log" warn;
            worker_processes auto;
            events { worker_connections 1024; }
            http {
                default_type application/octet-stream;
                sendfile on;
                tcp_nodelay on;
                keepalive_requests 100000000;
                client_body_temp_path "{{folder}}/body";
                proxy_temp_path "{{folder}}/proxy";
                fastcgi_temp_path "{{folder}}/fastcgi";
                uwsgi_temp_path "{{folder}}/uwsgi";
                scgi_temp_path "{{folder}}/scgi";
            {{http}}
            }

            """);
        return new(NginxCache.Program, ["-p", folder, "-e", Path.Combine(folder, "error.log"), "-c", file]);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
