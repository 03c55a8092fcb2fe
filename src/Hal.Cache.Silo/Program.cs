Console.WriteLine("HAL Cache");
